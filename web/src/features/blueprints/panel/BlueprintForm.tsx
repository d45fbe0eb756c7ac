import { ChevronRight, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { asText } from "@/lib/json";
import { Combobox } from "@/ui/Combobox";
import { Field } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { Input } from "@/ui/Input";
import { ICON_NAMES, iconOf } from "@/ui/icons";
import { Textarea } from "@/ui/Textarea";
import { typeWord } from "../canvas/shape";
import { typeIcon } from "../canvas/typeIcons";
import { useDesigner } from "../designer";
import { type Part, type PartKind, partPointer, withValueAt } from "../draft/definition";
import type { PlacedProblem } from "../usePlan";
import { AddPart } from "./AddPart";
import { OwnershipFields } from "./OwnershipFields";

type BlueprintFormProps = { blueprint: BlueprintDefinition; problems: readonly PlacedProblem[] };

/** The whole of a blueprint: its texts, and a line for each property and relation. */
export function BlueprintForm({ blueprint, problems }: BlueprintFormProps) {
  const { change, canEdit, model } = useDesigner();
  const { identifier, json } = blueprint;
  const set = (key: string, value: string | null) =>
    change(identifier, key, (definition) =>
      withValueAt(definition, [key], value === null || (value === "" && key !== "title") ? undefined : value),
    );
  const problemAt = (pointer: string) =>
    problems.find((one) => one.blueprint === identifier && one.pointer === pointer)?.message;
  const icons = useMemo(() => {
    return ICON_NAMES.map((name) => {
      const Icon = iconOf(name);
      return { value: name, label: name, icon: <Icon aria-hidden className="size-3.5 text-muted" /> };
    });
  }, []);
  const lines = (kind: PartKind) =>
    (kind === "relation"
      ? []
      : blueprint.properties.filter((one) => (kind === "property" ? one.kind === "own" : one.kind === kind))
    ).map((one) => ({
      part: { kind, identifier: one.identifier } satisfies Part,
      title: one.title,
      word: kind === "property" ? typeWord(one) : (one.source ?? ""),
      icon: typeIcon(one),
      isRequired: one.isRequired,
    }));
  const pointing = model.pointingAt(identifier);
  return (
    <div className="flex flex-col gap-5 p-4">
      <fieldset disabled={!canEdit} className="grid min-w-0 grid-cols-2 gap-3">
        <Field label="Title" isRequired error={problemAt("/title")}>
          <Input
            value={asText(json.title) ?? ""}
            maxLength={100}
            onChange={(event) => set("title", event.target.value)}
          />
        </Field>
        <Field label="Icon" error={problemAt("/icon")}>
          <Combobox
            value={blueprint.icon}
            options={icons}
            placeholder="By its name"
            disabled={!canEdit}
            onChange={(icon) => set("icon", icon)}
          />
        </Field>
        <Field label="Description" className="col-span-2" error={problemAt("/description")}>
          <Textarea
            rows={1}
            className="min-h-8!"
            maxLength={200}
            value={blueprint.description ?? ""}
            onChange={(event) => set("description", event.target.value)}
          />
        </Field>
      </fieldset>
      <Parts
        title="Properties"
        kind="property"
        blueprint={blueprint}
        lines={lines("property")}
        problems={problems}
        empty="What is known of each entity: a tier, a repository, a date."
      />
      <Parts
        title="Relations"
        kind="relation"
        blueprint={blueprint}
        problems={problems}
        empty="Which other entities it belongs to or depends on. Drag from one blueprint to another on the canvas, or add one here."
        lines={blueprint.relations.map((one) => ({
          part: { kind: "relation", identifier: one.identifier },
          title: one.title,
          word: `${model.get(one.target)?.title ?? one.target}${one.isMany ? ", many" : ""}`,
          icon: ChevronRight,
          isRequired: one.isRequired,
        }))}
      />
      <Parts
        title="Mirrors"
        kind="mirror"
        blueprint={blueprint}
        lines={lines("mirror")}
        problems={problems}
        empty="Values of related entities, shown here."
      />
      <Parts
        title="Calculations"
        kind="calculation"
        blueprint={blueprint}
        lines={lines("calculation")}
        problems={problems}
        empty="Values made of the entity's own, by jq."
      />
      <Parts
        title="Aggregations"
        kind="aggregation"
        blueprint={blueprint}
        lines={lines("aggregation")}
        problems={problems}
        empty="Numbers made of other entities: how many, how much."
      />
      <OwnershipFields blueprint={blueprint} problems={problems} />
      {pointing.length > 0 && (
        <section>
          <h3 className="mb-1 font-semibold">Related from</h3>
          <ul className="flex flex-wrap gap-x-3 gap-y-1 text-muted">
            {pointing.map(({ blueprint: from, relation }) => (
              <li key={`${from.identifier} ${relation.identifier}`}>
                <PartLink blueprint={from.identifier} part={{ kind: "relation", identifier: relation.identifier }}>
                  {from.title}: {relation.title}
                </PartLink>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function PartLink({ blueprint, part, children }: { blueprint: string; part: Part; children: React.ReactNode }) {
  const { select } = useDesigner();
  return (
    <button type="button" className="text-accent hover:underline" onClick={() => select(blueprint, part)}>
      {children}
    </button>
  );
}

type Line = {
  part: Part;
  title: string;
  word: string;
  icon: React.ComponentType<{ className?: string }>;
  isRequired: boolean;
};
type PartsProps = {
  title: string;
  kind: PartKind;
  blueprint: BlueprintDefinition;
  lines: Line[];
  problems: readonly PlacedProblem[];
  empty: string;
};

const ADD: Record<PartKind, string> = {
  property: "Add a property",
  relation: "Add a relation",
  mirror: "Add a mirror",
  calculation: "Add a calculation",
  aggregation: "Add an aggregation",
};

function Parts({ title, kind, blueprint, lines, problems, empty }: PartsProps) {
  const { canEdit, select, openDialog } = useDesigner();
  const [isAdding, setAdding] = useState(false);
  const hasProblem = (part: Part) =>
    problems.some(
      (one) => one.blueprint === blueprint.identifier && `${one.pointer}/`.startsWith(`${partPointer(part)}/`),
    );
  const begin = () =>
    kind === "relation" ? openDialog({ kind: "relation", source: blueprint.identifier }) : setAdding(true);
  if (!canEdit && lines.length === 0) return null;
  return (
    <section aria-label={title}>
      <div className="mb-1 flex h-7 items-center gap-2">
        <h3 className="font-semibold">{title}</h3>
        <span className="tnum grow text-meta text-muted">{lines.length > 0 ? lines.length : ""}</span>
        {canEdit && <IconButton icon={Plus} label={ADD[kind]} onClick={begin} />}
      </div>
      {lines.length > 0 && (
        <ul className="overflow-hidden rounded-md border border-line">
          {lines.map(({ part, title, word, icon: Icon, isRequired }) => (
            <li key={part.identifier} className="border-line border-b last:border-0">
              <button
                type="button"
                onClick={() => select(blueprint.identifier, part)}
                className="group flex h-8 w-full items-center gap-2 px-2.5 text-left outline-offset-[-2px] hover:bg-hover"
              >
                <Icon aria-hidden className="size-3.5 shrink-0 text-muted" />
                <span className="min-w-0 shrink truncate font-medium">{title}</span>
                {isRequired && (
                  <span className="shrink-0 text-bad" title="Required">
                    *<span className="sr-only"> required</span>
                  </span>
                )}
                <span className="min-w-0 grow truncate font-mono text-[0.6875rem] text-muted">
                  {title === part.identifier ? "" : part.identifier}
                </span>
                {hasProblem(part) && (
                  <span className="shrink-0 rounded-sm bg-bad-soft px-1 text-[0.6875rem] text-bad">Problem</span>
                )}
                <span className="max-w-[45%] shrink-0 truncate text-meta text-muted">{word}</span>
                <ChevronRight aria-hidden className="size-3.5 shrink-0 text-muted opacity-50 group-hover:opacity-100" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {lines.length === 0 && !isAdding && <p className="text-meta text-muted">{empty}</p>}
      {isAdding && <AddPart kind={kind} blueprint={blueprint} onClose={() => setAdding(false)} />}
    </section>
  );
}

import { useMemo } from "react";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { asList, asObject, asText, type Json, type JsonObject } from "@/lib/json";
import { ruleFields } from "@/rules/fields";
import { RuleBuilder } from "@/rules/RuleBuilder";
import { NO_RULES, readRules } from "@/rules/rule";
import { Combobox } from "@/ui/Combobox";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { useDesigner } from "../designer";
import { type Way, waysBetween } from "../paths";
import { FUNCTIONS, functionOf, specOf } from "./aggregation";
import { useBlueprintOptions } from "./RelationFields";
import type { PartEditor } from "./usePart";

const AUTOMATIC = "automatic";
const OTHER = "other";

/** A number made of another blueprint's entities. */
export function AggregationFields({ editor, blueprint }: { editor: PartEditor; blueprint: BlueprintDefinition }) {
  const { model } = useDesigner();
  const { value, text, set, replace, problem, isReadOnly } = editor;
  const targets = useBlueprintOptions();
  const target = model.get(text("target"));
  const spec = asObject(value.calculationSpec);
  const func = functionOf(spec);
  const numbers = (target?.properties ?? [])
    .filter(({ type }) => type === "number")
    .map(({ identifier, title }) => ({ value: identifier, label: title }));
  const dates = [
    { value: "$createdAt", label: "Created at" },
    { value: "$updatedAt", label: "Updated at" },
    ...(target?.properties ?? [])
      .filter(({ format }) => format === "date-time")
      .map(({ identifier, title }) => ({ value: identifier, label: title })),
  ];
  const fields = useMemo(() => (target ? ruleFields(target) : []), [target]);
  const write = (next: JsonObject) => set("calculationSpec", next);
  return (
    <>
      <Field label="Of" isRequired error={problem("target")}>
        <Combobox
          value={text("target") || null}
          options={targets}
          disabled={isReadOnly}
          onChange={(next) => {
            if (next === null || next === text("target")) return;
            // Rules and ways are about the former target.
            const { query: _, pathFilter: _p, ...rest } = value;
            replace({ ...rest, target: next });
          }}
        />
      </Field>
      <div className="grid grid-cols-2 gap-3">
        <Field label="Function" error={problem("calculationSpec")}>
          <Select
            value={func.id}
            options={FUNCTIONS.map(({ id, label }) => ({ value: id, label }))}
            disabled={isReadOnly}
            onChange={(id) => write(specOf(id, spec, numbers[0]?.value))}
          />
        </Field>
        {func.isOfProperty && (
          <Field
            label="Of the number"
            isRequired
            error={numbers.length === 0 ? "The target has no numbers." : undefined}
          >
            <Select
              value={asText(spec.property) ?? null}
              options={numbers}
              disabled={isReadOnly}
              onChange={(property) => write({ ...spec, property })}
            />
          </Field>
        )}
        {func.isRate && (
          <Field label="Counted by">
            <Select
              value={asText(spec.measureTimeBy) ?? "$createdAt"}
              options={dates}
              disabled={isReadOnly}
              onChange={(measureTimeBy) => write({ ...spec, measureTimeBy })}
            />
          </Field>
        )}
      </div>
      <WayField editor={editor} blueprint={blueprint} target={text("target")} />
      <fieldset className="min-w-0">
        <legend className="mb-1 font-medium text-meta">Only those</legend>
        <div className="rounded-md border border-line p-2.5 [&_[role=group]]:min-w-0">
          <RuleBuilder
            value={readRules(value.query) ?? NO_RULES}
            fields={fields}
            onChange={(rules) => set("query", rules.rules.length > 0 ? (rules as unknown as Json) : undefined)}
          />
        </div>
        {problem("query") && <p className="mt-1 text-bad text-meta">{problem("query")}</p>}
      </fieldset>
    </>
  );
}

function WayField({
  editor,
  blueprint,
  target,
}: {
  editor: PartEditor;
  blueprint: BlueprintDefinition;
  target: string;
}) {
  const { model } = useDesigner();
  const { value, set, problem, isReadOnly } = editor;
  const ways = useMemo(() => waysBetween(model, blueprint.identifier, target), [model, blueprint.identifier, target]);
  const [filter] = asList(value.pathFilter).map(asObject);
  const keyOf = (way: Pick<Way, "relations" | "fromBlueprint">) => `${way.fromBlueprint}:${way.relations.join(".")}`;
  const chosen =
    filter &&
    keyOf({
      relations: asList(filter.path).map(String),
      fromBlueprint: asText(filter.fromBlueprint) ?? blueprint.identifier,
    });
  const isKnown = chosen === undefined || ways.some((way) => keyOf(way) === chosen);
  const title = (identifier: string) => model.get(identifier)?.title ?? identifier;
  const options = [
    { value: AUTOMATIC, label: "The only one", hint: ways.length === 1 ? undefined : `There are ${ways.length} ways` },
    ...ways.map((way) => ({
      value: keyOf(way),
      label: way.relations.join(" · "),
      hint: [way.fromBlueprint, ...way.steps.map(({ to }) => to)].map(title).join(" → "),
    })),
    ...(isKnown ? [] : [{ value: OTHER, label: chosen ?? "" }]),
  ].map(({ hint, ...option }) => (hint === undefined ? option : { ...option, hint }));
  return (
    <Field
      label="Way along relations"
      error={
        problem("pathFilter") ??
        (ways.length === 0 && target !== "" ? "No relations lead from one to the other, neither way." : undefined)
      }
    >
      <Select
        value={chosen === undefined ? AUTOMATIC : isKnown ? chosen : OTHER}
        options={options}
        disabled={isReadOnly}
        onChange={(key) => {
          const way = ways.find((one) => keyOf(one) === key);
          if (key === AUTOMATIC) set("pathFilter", undefined);
          else if (way) set("pathFilter", [{ path: way.relations, fromBlueprint: way.fromBlueprint }]);
        }}
      />
    </Field>
  );
}

import { useEffect, useRef, useState } from "react";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import type { JsonObject } from "@/lib/json";
import { Button } from "@/ui/Button";
import { Combobox } from "@/ui/Combobox";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { typeIcon } from "../canvas/typeIcons";
import { useDesigner } from "../designer";
import { identifierFor, identifierProblem, type PartKind, takenNames, withPart } from "../draft/definition";
import { KINDS, type PropertyKind, withKind } from "./kinds";

type AddPartProps = { kind: PartKind; blueprint: BlueprintDefinition; onClose: () => void };

/** The icon and the words of each kind of property, for choosing one. */
export const KIND_OPTIONS = KINDS.map(({ id, label, hint, type, format, hasChoices }) => {
  const Icon = typeIcon({ kind: "own", type, format, values: hasChoices ? [] : undefined });
  return { value: id, label, ...(hint ? { hint } : {}), icon: <Icon aria-hidden className="size-3.5 text-muted" /> };
});

/** A line for the title and kind of a new property; the rest is asked when it is there. Enter adds, and more can follow. */
export function AddPart({ kind, blueprint, onClose }: AddPartProps) {
  const { change, select } = useDesigner();
  const [title, setTitle] = useState("");
  const [chosen, setChosen] = useState<string>();
  const [kindId, setKindId] = useState("text");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const identifier = chosen ?? identifierFor(title);
  const problem = identifierProblem(identifier, takenNames(blueprint.json));
  const isProperty = kind === "property";
  const add = () => {
    if (problem) return;
    const part = { kind, identifier };
    const propertyKind = KINDS.find(({ id }) => id === kindId) as PropertyKind;
    change(blueprint.identifier, `add ${identifier}`, (definition) =>
      withPart(definition, part, initial(kind, title, propertyKind, blueprint)),
    );
    // Properties are often added several in a row; what computes needs its formula at once.
    if (!isProperty) return select(blueprint.identifier, part);
    setTitle("");
    setChosen(undefined);
    input.current?.focus();
  };
  return (
    <form
      className="mt-1.5 flex flex-col gap-2 rounded-md border border-accent/50 bg-bg p-2.5"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) {
          event.stopPropagation();
          onClose();
        }
      }}
    >
      <div className="grid grid-cols-2 gap-2">
        <Field label="Title" className={isProperty ? "" : "col-span-2"}>
          <Input
            ref={input}
            value={title}
            maxLength={100}
            placeholder={isProperty ? "Open issues" : ""}
            onChange={(event) => setTitle(event.target.value)}
          />
        </Field>
        {isProperty && (
          <Field label="Kind">
            <Combobox value={kindId} options={KIND_OPTIONS} onChange={(next) => setKindId(next ?? "text")} />
          </Field>
        )}
      </div>
      <div className="flex items-end gap-2">
        <Field label="Identifier" className="grow" error={title !== "" && problem}>
          <Input isMono value={identifier} onChange={(event) => setChosen(event.target.value)} />
        </Field>
        <Button size="md" variant="ghost" onClick={onClose}>
          Done
        </Button>
        <Button size="md" type="submit" variant="primary" disabled={problem !== undefined}>
          Add
        </Button>
      </div>
    </form>
  );
}

function initial(
  kind: PartKind,
  title: string,
  propertyKind: PropertyKind,
  blueprint: BlueprintDefinition,
): JsonObject {
  const named: JsonObject = title === "" ? {} : { title };
  switch (kind) {
    case "mirror": {
      const [relation] = blueprint.relations;
      return { ...named, path: relation ? `${relation.identifier}.$title` : "" };
    }
    case "calculation":
      return { ...named, type: "string", calculation: ".title" };
    case "aggregation":
      return { ...named, target: blueprint.identifier, calculationSpec: { calculationBy: "entities", func: "count" } };
    default:
      return withKind(named, propertyKind);
  }
}

import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { asObject, type Json } from "@/lib/json";
import { Combobox } from "@/ui/Combobox";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { Select } from "@/ui/Select";
import { Switch } from "@/ui/Switch";
import { useDesigner } from "../designer";
import { requiredOf, withRequired } from "../draft/definition";
import { KIND_OPTIONS } from "./AddPart";
import { ChoiceEditor } from "./ChoiceEditor";
import { ITEM_KINDS, KINDS, kindOf, withItemKind, withKind } from "./kinds";
import { NumberField } from "./NumberField";
import type { PartEditor } from "./usePart";

/** Bounds by type: the keyword and what people call it. */
const BOUNDS: Record<string, Array<[key: string, label: string]>> = {
  string: [
    ["minLength", "Shortest, characters"],
    ["maxLength", "Longest, characters"],
  ],
  number: [
    ["minimum", "Least"],
    ["maximum", "Most"],
    ["exclusiveMinimum", "More than"],
    ["exclusiveMaximum", "Less than"],
  ],
  array: [
    ["minItems", "Fewest items"],
    ["maxItems", "Most items"],
  ],
};
const ITEM_OPTIONS = KIND_OPTIONS.filter(({ value }) => ITEM_KINDS.some(({ id }) => id === value));

/** What a property's values are. */
export function PropertyFields({ editor, blueprint }: { editor: PartEditor; blueprint: BlueprintDefinition }) {
  const { change } = useDesigner();
  const { value, part, set, replace, problem, isReadOnly } = editor;
  const kind = kindOf(value);
  const isRequired = requiredOf(blueprint.json).includes(part.identifier);
  const items = asObject(value.items);
  return (
    <>
      <Field
        label="Kind"
        error={problem("type") ?? problem("format")}
        hint={
          editor.isPublished
            ? "The type of a property that has values cannot change: another property is needed then."
            : kind.hint
        }
      >
        <Combobox
          value={kind.id}
          options={KIND_OPTIONS}
          disabled={isReadOnly}
          onChange={(id) => {
            const next = KINDS.find((one) => one.id === id);
            if (next) replace(withKind(value, next));
          }}
        />
      </Field>
      <Switch
        checked={isRequired}
        disabled={isReadOnly}
        onChange={(next) =>
          change(blueprint.identifier, `required ${part.identifier}`, (definition) =>
            withRequired(definition, part.identifier, next),
          )
        }
      >
        Every entity must have it
      </Switch>
      {kind.type === "array" && (
        <Field label="Each item" error={problem("items")}>
          <Combobox
            value={value.items === undefined ? null : kindOf(items).id}
            options={ITEM_OPTIONS}
            placeholder="Anything"
            disabled={isReadOnly}
            onChange={(id) => {
              const next = KINDS.find((one) => one.id === id);
              if (next) replace(withItemKind(value, next));
              else set("items", undefined);
            }}
          />
        </Field>
      )}
      {kind.hasChoices && (
        <ChoiceEditor
          holder={value}
          isNumber={kind.type === "number"}
          problem={problem("enum") ?? problem("enumColors")}
          isReadOnly={isReadOnly}
          onChange={replace}
        />
      )}
      {kind.type === "array" && kindOf(items).hasChoices && (
        <ChoiceEditor
          holder={items}
          isNumber={false}
          problem={problem("items")}
          isReadOnly={isReadOnly}
          onChange={(next) => set("items", next)}
        />
      )}
      <DefaultField editor={editor} />
      {!kind.hasChoices && (BOUNDS[kind.type] ?? []).length > 0 && !value.format && (
        <div className="grid grid-cols-2 gap-3">
          {(BOUNDS[kind.type] ?? []).map(([key, label]) => (
            <NumberField
              key={key}
              label={label}
              value={value[key]}
              error={problem(key)}
              onChange={(next) => set(key, next)}
            />
          ))}
        </div>
      )}
      {kind.type === "string" && !kind.hasChoices && !value.format && (
        <Field label="Pattern" hint="A regular expression that texts must match." error={problem("pattern")}>
          <Input
            isMono
            value={editor.text("pattern")}
            onChange={(event) => set("pattern", event.target.value || undefined)}
          />
        </Field>
      )}
      {kind.type === "array" && (
        <Switch
          checked={value.uniqueItems === true}
          disabled={isReadOnly}
          onChange={(next) => set("uniqueItems", next || undefined)}
        >
          No item twice
        </Switch>
      )}
      {kind.type !== "object" && (
        <Switch
          checked={value.indexed !== false}
          disabled={isReadOnly}
          onChange={(next) => set("indexed", next ? undefined : false)}
        >
          Tables can be filtered and sorted by it
        </Switch>
      )}
    </>
  );
}

function DefaultField({ editor: { value, set, problem, isReadOnly } }: { editor: PartEditor }) {
  const kind = kindOf(value);
  const error = problem("default");
  const label = "Value where none is given";
  if (kind.type === "object" || kind.type === "array") return null;
  if (kind.type === "boolean" || kind.hasChoices) {
    const choices: Json[] = kind.hasChoices && Array.isArray(value.enum) ? value.enum : [true, false];
    const options = choices.map((one) => ({
      value: JSON.stringify(one),
      label: one === true ? "Yes" : one === false ? "No" : String(one),
    }));
    return (
      <Field label={label} error={error}>
        <Select
          value={value.default === undefined ? "" : JSON.stringify(value.default)}
          disabled={isReadOnly}
          options={[{ value: "", label: "None" }, ...options]}
          onChange={(next) => set("default", next === "" ? undefined : (JSON.parse(next) as Json))}
        />
      </Field>
    );
  }
  if (kind.type === "number")
    return <NumberField label={label} value={value.default} error={error} onChange={(next) => set("default", next)} />;
  return (
    <Field label={label} error={error}>
      <Input
        value={typeof value.default === "string" ? value.default : ""}
        onChange={(event) => set("default", event.target.value || undefined)}
      />
    </Field>
  );
}

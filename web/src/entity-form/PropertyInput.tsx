import { EntityPicker } from "@/entity-values/EntityPicker";
import type { PropertyDefinition } from "@/lib/blueprint/definition";
import type { Json } from "@/lib/json";
import { MultiCombobox } from "@/ui/Combobox";
import { Input } from "@/ui/Input";
import { Select } from "@/ui/Select";
import { Textarea } from "@/ui/Textarea";
import { JsonInput } from "./JsonInput";
import { WordsInput } from "./WordsInput";

export type InputProps = {
  property: PropertyDefinition;
  /** Undefined and null: no value. */
  value: Json | undefined;
  onChange: (value: Json) => void;
  disabled?: boolean;
  "aria-label"?: string;
};

/** No value, in a list of choices. */
const NONE = "";
const DOCUMENTS = new Set(["markdown", "yaml", "proto"]);
const TYPES: Record<string, string> = { email: "email", "idn-email": "email", url: "url" };

/** The control for a property's value, by type and format. Clearing it means null: no value. */
export function PropertyInput(props: InputProps) {
  const { property, value, onChange, ...rest } = props;
  const { type, format, values, isRequired } = property;
  if (type === "array") return <ListInput {...props} />;
  if (values) {
    return (
      <Select
        {...rest}
        value={value === undefined || value === null ? (isRequired ? null : NONE) : JSON.stringify(value)}
        onChange={(next) => onChange(next === NONE ? null : (JSON.parse(next) as Json))}
        options={[
          ...(isRequired ? [] : [{ value: NONE, label: "No value" }]),
          ...values.map((one) => ({ value: JSON.stringify(one), label: String(one) })),
        ]}
      />
    );
  }
  if (type === "boolean") {
    return (
      <Select
        {...rest}
        value={typeof value === "boolean" ? String(value) : NONE}
        onChange={(next) => onChange(next === NONE ? null : next === "true")}
        options={[
          { value: NONE, label: "No value" },
          { value: "true", label: "Yes" },
          { value: "false", label: "No" },
        ]}
      />
    );
  }
  if (type === "number") {
    return (
      <Input
        {...rest}
        type="number"
        step="any"
        value={typeof value === "number" ? value : ""}
        onChange={(event) => onChange(event.target.value === "" ? null : event.target.valueAsNumber)}
      />
    );
  }
  if (type === "object") return <JsonInput {...rest} value={value} onChange={onChange} />;
  const text = typeof value === "string" ? value : "";
  const setText = (next: string) => onChange(next === "" ? null : next);
  if (format === "user" || format === "team") {
    return (
      <EntityPicker
        {...rest}
        blueprint={`_${format}`}
        isMany={false}
        value={text ? [text] : []}
        onChange={(next) => setText(next[0] ?? "")}
      />
    );
  }
  if (format === "date-time" || format === "timer") {
    return (
      <Input
        {...rest}
        type="datetime-local"
        step={1}
        value={localTime(text)}
        onChange={(event) => setText(event.target.value === "" ? "" : new Date(event.target.value).toISOString())}
      />
    );
  }
  if (format === "date")
    return <Input {...rest} type="date" value={text.slice(0, 10)} onChange={(event) => setText(event.target.value)} />;
  if (DOCUMENTS.has(format ?? "") || text.includes("\n") || text.length > 200) {
    return (
      <Textarea
        {...rest}
        rows={6}
        isMono={format !== undefined}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    );
  }
  return (
    <Input
      {...rest}
      dir="auto"
      type={TYPES[format ?? ""] ?? "text"}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  );
}

function ListInput({ property, value, onChange, ...rest }: InputProps) {
  const { itemType, itemFormat, values } = property;
  const items = Array.isArray(value) ? value : [];
  if (values) {
    return (
      <MultiCombobox
        {...rest}
        value={items.map((one) => JSON.stringify(one))}
        options={values.map((one) => ({ value: JSON.stringify(one), label: String(one) }))}
        onChange={(next) => onChange(next.map((one) => JSON.parse(one) as Json))}
      />
    );
  }
  const areTexts = items.every((one) => typeof one === "string");
  if ((itemFormat === "user" || itemFormat === "team") && areTexts) {
    return <EntityPicker {...rest} blueprint={`_${itemFormat}`} isMany value={items as string[]} onChange={onChange} />;
  }
  if (areTexts && (itemType === undefined || itemType === "string"))
    return <WordsInput {...rest} value={items as string[]} onChange={onChange} />;
  return <JsonInput {...rest} value={value} onChange={onChange} />;
}

/** A time for the browser's own picker, in the reader's time zone. */
function localTime(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

import { EntityPicker } from "@/entity-values/EntityPicker";
import type { Json } from "@/lib/json";
import { MultiCombobox } from "@/ui/Combobox";
import { Input } from "@/ui/Input";
import { Select } from "@/ui/Select";
import { DateInput, SpanInput } from "./DateInput";
import { type RuleField, takesMany } from "./fields";

type ValueInputProps = {
  field: RuleField | undefined;
  operator: string;
  value: Json | undefined;
  onChange: (value: Json) => void;
};

const ME: Json = { context: "user", property: "$identifier" };
const MY_TEAMS: Json = { context: "userTeams", property: "$identifier" };
/** How "me" and "my teams" stand among identifiers in a picker. */
const DYNAMIC = "\u0000dynamic";

/** What a rule compares with, by the field's kind. */
export function ValueInput({ field, operator, value, onChange }: ValueInputProps) {
  const kind = field?.kind ?? "text";
  if (operator === "between" || operator === "notBetween") return <SpanInput value={value} onChange={onChange} />;
  if (kind === "date" || kind === "timer") return <DateInput value={value} onChange={onChange} />;
  if (kind === "boolean") {
    return (
      <Select
        aria-label="Value"
        value={typeof value === "boolean" ? String(value) : null}
        onChange={(next) => onChange(next === "true")}
        options={[
          { value: "true", label: "Yes" },
          { value: "false", label: "No" },
        ]}
      />
    );
  }
  if (kind === "number" && !takesMany(operator)) {
    return (
      <Input
        type="number"
        step="any"
        aria-label="Value"
        value={typeof value === "number" ? value : ""}
        onChange={(event) => onChange(event.target.value === "" ? "" : event.target.valueAsNumber)}
      />
    );
  }
  const target = field?.target ?? { user: "_user", team: "_team", teams: "_team" }[kind as string];
  if (target) {
    const dynamic = kind === "user" ? { value: ME, label: "Me" } : { value: MY_TEAMS, label: "My teams" };
    return (
      <EntityPicker
        aria-label="Value"
        blueprint={target}
        isMany={takesMany(operator)}
        value={isDynamic(value) ? [DYNAMIC] : textsOf(value)}
        {...(field?.target ? {} : { extra: [{ value: DYNAMIC, label: dynamic.label }] })}
        onChange={(next) => {
          if (next.at(-1) === DYNAMIC) return onChange(dynamic.value);
          const chosen = next.filter((one) => one !== DYNAMIC);
          return onChange(takesMany(operator) ? chosen : (chosen[0] ?? ""));
        }}
      />
    );
  }
  const values = field?.values;
  if (values) {
    const options = values.map((one) => ({ value: JSON.stringify(one), label: String(one) }));
    const read = (text: string) => JSON.parse(text) as Json;
    if (takesMany(operator)) {
      const chosen = (Array.isArray(value) ? value : []).map((one) => JSON.stringify(one));
      return (
        <MultiCombobox
          aria-label="Values"
          placeholder="Values"
          value={chosen}
          options={options}
          onChange={(next) => onChange(next.map(read))}
        />
      );
    }
    return (
      <Select
        aria-label="Value"
        value={value === undefined ? null : JSON.stringify(value)}
        options={options}
        onChange={(next) => onChange(read(next))}
      />
    );
  }
  if (takesMany(operator)) {
    return (
      <Input
        aria-label="Values, separated by commas"
        placeholder="One, another"
        defaultValue={textsOf(value).join(", ")}
        onChange={(event) =>
          onChange(
            event.target.value
              .split(",")
              .map((one) => one.trim())
              .filter(Boolean)
              .map((one) => typed(one, kind === "number")),
          )
        }
      />
    );
  }
  return (
    <Input
      aria-label="Value"
      value={typeof value === "object" ? JSON.stringify(value) : String(value ?? "")}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function typed(text: string, isNumber: boolean): Json {
  const number = Number(text);
  return isNumber && !Number.isNaN(number) ? number : text;
}

function isDynamic(value: Json | undefined): boolean {
  return value !== null && typeof value === "object" && !Array.isArray(value) && "context" in value;
}

function textsOf(value: Json | undefined): string[] {
  if (value === undefined || value === null || value === "") return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

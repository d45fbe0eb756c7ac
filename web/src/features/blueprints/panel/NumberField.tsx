import { useState } from "react";
import type { Json } from "@/lib/json";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";

type NumberFieldProps = {
  label: string;
  value: Json | undefined;
  error?: string | undefined;
  onChange: (value: number | undefined) => void;
};

/** A number or nothing. What is typed stays as it is typed while it means the same number: "1." on the way to "1.5". */
export function NumberField({ label, value, error, onChange }: NumberFieldProps) {
  const shown = typeof value === "number" ? String(value) : "";
  const [text, setText] = useState(shown);
  const isSame = text === shown || (text !== "" && Number(text) === value);
  return (
    <Field
      label={label}
      error={error ?? (text !== "" && Number.isNaN(Number(text)) ? "This is no number." : undefined)}
    >
      <Input
        inputMode="decimal"
        value={isSame || Number.isNaN(Number(text)) ? text : shown}
        onChange={(event) => {
          const next = event.target.value.trim();
          setText(next);
          if (next === "") onChange(undefined);
          else if (!Number.isNaN(Number(next))) onChange(Number(next));
        }}
      />
    </Field>
  );
}

import { useState } from "react";
import type { Json } from "@/lib/json";
import { Textarea } from "@/ui/Textarea";

type JsonInputProps = {
  value: Json | undefined;
  onChange: (value: Json) => void;
  disabled?: boolean;
  "aria-label"?: string;
};

/** A value as JSON. What is not JSON yet is kept and not taken. */
export function JsonInput({ value, onChange, ...rest }: JsonInputProps) {
  const [text, setText] = useState(() => (value === undefined || value === null ? "" : JSON.stringify(value, null, 2)));
  const [error, setError] = useState("");
  const read = (next: string) => {
    setText(next);
    try {
      onChange(next.trim() === "" ? null : (JSON.parse(next) as Json));
      setError("");
    } catch (failure) {
      setError((failure as Error).message);
    }
  };
  return (
    <>
      <Textarea
        {...rest}
        isMono
        spellCheck={false}
        rows={4}
        value={text}
        aria-invalid={error !== ""}
        onChange={(event) => read(event.target.value)}
      />
      {error && (
        <p role="alert" className="text-bad text-meta">
          Not taken over: {error}
        </p>
      )}
    </>
  );
}

import { X } from "lucide-react";
import { useState } from "react";
import { controlClass } from "@/ui/Input";

type WordsInputProps = {
  value: readonly string[];
  onChange: (value: string[]) => void;
  disabled?: boolean;
  "aria-label"?: string;
};

/** A list of texts: Enter or a comma ends one, Backspace takes the last away. */
export function WordsInput({ value, onChange, disabled = false, ...rest }: WordsInputProps) {
  const [text, setText] = useState("");
  const add = (words: string) => {
    const next = words
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== "" && !value.includes(word));
    if (next.length > 0) onChange([...value, ...next]);
    setText("");
  };
  return (
    <div className={`${controlClass} flex min-h-8 flex-wrap items-center gap-1 px-1 py-0.5 focus-within:border-accent`}>
      {value.map((word, index) => (
        <span key={word} className="flex h-6 max-w-full items-center gap-1 rounded-sm bg-hover pr-0.5 pl-2 text-meta">
          <span className="truncate">{word}</span>
          <button
            type="button"
            aria-label={`Remove ${word}`}
            disabled={disabled}
            onClick={() => onChange(value.toSpliced(index, 1))}
            className="flex size-5 items-center justify-center rounded-sm text-muted hover:text-fg"
          >
            <X aria-hidden className="size-3" />
          </button>
        </span>
      ))}
      <input
        {...rest}
        disabled={disabled}
        value={text}
        placeholder={value.length === 0 ? "Type and press Enter" : ""}
        onChange={(event) => (event.target.value.includes(",") ? add(event.target.value) : setText(event.target.value))}
        onBlur={() => add(text)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && text.trim() !== "") {
            event.preventDefault();
            add(text);
          } else if (event.key === "Backspace" && text === "" && value.length > 0) onChange(value.slice(0, -1));
        }}
        className="h-6 w-24 grow bg-transparent px-1.5 outline-none"
      />
    </div>
  );
}

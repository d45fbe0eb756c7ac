import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import { useState } from "react";
import { colorOf } from "@/entity-values/colors";
import { asList, asObject, asText, type Json, type JsonObject } from "@/lib/json";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { Input } from "@/ui/Input";
import { Select } from "@/ui/Select";
import { COLORS } from "./kinds";

type ChoiceEditorProps = {
  /** What has `enum` and `enumColors`: the property, or a list's items. */
  holder: JsonObject;
  isNumber: boolean;
  problem: string | undefined;
  isReadOnly: boolean;
  onChange: (holder: JsonObject) => void;
};

const NONE = "none";
const COLOR_OPTIONS = [
  { value: NONE, label: "No colour" },
  ...COLORS.map((name) => ({ value: name as string, label: words(name), icon: <Dot color={colorOf(name)} /> })),
];

/** The allowed values, in order, each with its colour. */
export function ChoiceEditor({ holder, isNumber, problem, isReadOnly, onChange }: ChoiceEditorProps) {
  const values = asList(holder.enum);
  const colors = asObject(holder.enumColors);
  const [text, setText] = useState("");
  const write = (nextValues: Json[], nextColors: JsonObject = colors) => {
    const kept = Object.fromEntries(
      Object.entries(nextColors).filter(([key]) => nextValues.some((value) => String(value) === key)),
    );
    const { enumColors: _, ...rest } = holder;
    onChange({ ...rest, enum: nextValues, ...(Object.keys(kept).length > 0 ? { enumColors: kept } : {}) });
  };
  const read = (typed: string): Json =>
    isNumber && typed.trim() !== "" && !Number.isNaN(Number(typed)) ? Number(typed) : typed;
  const add = () => {
    const value = read(text.trim());
    if (text.trim() === "" || values.includes(value)) return;
    write([...values, value]);
    setText("");
  };
  const rename = (index: number, typed: string) => {
    const old = String(values[index]);
    const { [old]: color, ...others } = colors;
    write(values.toSpliced(index, 1, read(typed)), color === undefined ? colors : { ...others, [typed]: color });
  };
  const paint = (value: Json, color: string) => {
    const { [String(value)]: _, ...others } = colors;
    write(values, color === NONE ? others : { ...others, [String(value)]: color });
  };
  const move = (index: number, by: number) => {
    const value = values[index];
    if (value !== undefined) write(values.toSpliced(index, 1).toSpliced(index + by, 0, value));
  };
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 font-medium text-meta">Choices</legend>
      <ul className="flex flex-col gap-1">
        {values.map((value, index) => (
          <li key={index} className="flex items-center gap-1">
            <Input
              aria-label={`Choice ${index + 1}`}
              value={String(value)}
              onChange={(event) => rename(index, event.target.value)}
            />
            <Select
              aria-label={`Colour of ${String(value)}`}
              className="w-34!"
              disabled={isReadOnly}
              value={asText(colors[String(value)]) ?? NONE}
              options={COLOR_OPTIONS}
              onChange={(color) => paint(value, color)}
            />
            {!isReadOnly && (
              <>
                <IconButton
                  icon={ArrowUp}
                  size="xs"
                  label={`Move ${String(value)} up`}
                  disabled={index === 0}
                  onClick={() => move(index, -1)}
                />
                <IconButton
                  icon={ArrowDown}
                  size="xs"
                  label={`Move ${String(value)} down`}
                  disabled={index === values.length - 1}
                  onClick={() => move(index, 1)}
                />
                <IconButton
                  icon={X}
                  size="xs"
                  label={`Remove ${String(value)}`}
                  onClick={() => write(values.toSpliced(index, 1))}
                />
              </>
            )}
          </li>
        ))}
      </ul>
      {!isReadOnly && (
        <div className="mt-1 flex items-center gap-1">
          <Input
            aria-label="Another choice"
            placeholder="Another choice"
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              add();
            }}
          />
          <Button size="md" icon={Plus} onClick={add}>
            Add
          </Button>
        </div>
      )}
      {problem && <p className="mt-1 text-bad text-meta">{problem}</p>}
    </fieldset>
  );
}

function Dot({ color }: { color: string | undefined }) {
  return (
    <span
      aria-hidden
      className="size-2.5 shrink-0 rounded-full"
      style={{ background: color ?? "var(--line-strong)" }}
    />
  );
}

function words(name: string): string {
  const text = name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

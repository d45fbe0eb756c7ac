import { ChevronRight, X } from "lucide-react";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { IconButton } from "@/ui/IconButton";
import { Select } from "@/ui/Select";
import { useDesigner } from "../designer";
import { MOST_HOPS, walk, withHop } from "../paths";

type PathPickerProps = {
  from: BlueprintDefinition;
  relations: readonly string[];
  onChange: (relations: string[]) => void;
  isReadOnly: boolean;
  /** Relations to many are not offered. */
  isToOne?: boolean;
};

/** A way along relations, one after the other; each says where it leads. */
export function PathPicker({ from, relations, onChange, isReadOnly, isToOne = false }: PathPickerProps) {
  const { model } = useDesigner();
  const { hops, end } = walk(model, from, relations);
  const optionsOf = (blueprint: BlueprintDefinition) =>
    blueprint.relations
      .filter(({ isMany }) => !(isToOne && isMany))
      .map(({ identifier, title, target, isMany }) => ({
        value: identifier,
        label: title,
        hint: `${isMany ? "many " : ""}${model.get(target)?.title ?? target}`,
      }));
  const next = end && hops.length < MOST_HOPS ? optionsOf(end) : [];
  return (
    <ol className="flex flex-col gap-1">
      {hops.map(({ from, chosen, text }, index) => {
        const options = optionsOf(from);
        const known = options.some(({ value }) => value === text)
          ? options
          : [...options, { value: text, label: text, hint: "There is no such relation" }];
        return (
          <li key={index} className="flex items-center gap-1.5">
            <span className="w-24 shrink-0 truncate text-right text-meta text-muted">{from.title}</span>
            <ChevronRight aria-hidden className="size-3.5 shrink-0 text-muted" />
            <Select
              aria-label={`Relation ${index + 1}`}
              value={text}
              options={known}
              disabled={isReadOnly}
              onChange={(relation) => onChange(withHop(relations, index, relation))}
            />
            {!isReadOnly && index === hops.length - 1 && (
              <IconButton
                icon={X}
                size="xs"
                label={`Go no further than ${from.title}`}
                onClick={() => onChange(withHop(relations, index, undefined))}
              />
            )}
            {!chosen && <span className="shrink-0 text-bad text-meta">gone</span>}
          </li>
        );
      })}
      {!isReadOnly && next.length > 0 && (
        <li className="flex items-center gap-1.5">
          <span className="w-24 shrink-0 truncate text-right text-meta text-muted">{end?.title}</span>
          <ChevronRight aria-hidden className="size-3.5 shrink-0 text-muted" />
          <Select
            aria-label={`Relation ${hops.length + 1}`}
            value={null}
            placeholder={hops.length === 0 ? "Choose a relation" : "Go on along…"}
            options={next}
            onChange={(relation) => onChange([...relations, relation])}
          />
        </li>
      )}
    </ol>
  );
}

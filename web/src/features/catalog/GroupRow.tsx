import { ChevronDown, ChevronRight } from "lucide-react";
import { EntityLink } from "@/entity-values/EntityLink";
import { PropertyValue } from "@/entity-values/PropertyValue";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import type { GroupHeader } from "./groups";

type GroupRowProps = {
  header: GroupHeader;
  blueprint: BlueprintDefinition;
  title: string;
  onToggle: (key: string) => void;
};

const format = new Intl.NumberFormat("en");

/** A group's line: what its entities have in common, and how many they are. */
export function GroupRow({ header, blueprint, title, onToggle }: GroupRowProps) {
  const { key, path, property: name, value, count, isOpen } = header;
  const property = blueprint.properties.find((one) => one.identifier === name);
  const Icon = isOpen ? ChevronDown : ChevronRight;
  return (
    <div style={{ paddingLeft: (path.length - 1) * 20 }} className="flex min-w-0 items-center gap-2">
      <button
        type="button"
        tabIndex={-1}
        aria-expanded={isOpen}
        aria-label={`${title} ${value === null ? "without a value" : String(value)}, ${count}`}
        onClick={() => onToggle(key)}
        className="flex size-6 shrink-0 items-center justify-center rounded-sm text-muted hover:bg-hover hover:text-fg"
      >
        <Icon aria-hidden className="size-4" />
      </button>
      <span className="text-meta text-muted">{title}</span>
      {value === null ? (
        <span className="text-muted">no value</span>
      ) : name === "$team" ? (
        <EntityLink blueprint="_team" identifier={String(value)} />
      ) : property ? (
        <PropertyValue value={property.type === "array" ? [value] : value} property={property} isCompact />
      ) : (
        <span className="truncate">{String(value)}</span>
      )}
      <span className="tnum text-meta text-muted">{format.format(count)}</span>
    </div>
  );
}

import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup } from "@base-ui/react/toggle-group";
import type { LucideIcon } from "lucide-react";

type SegmentedProps<Value extends string> = {
  label: string;
  value: Value;
  options: ReadonlyArray<{ value: Value; label: string; icon?: LucideIcon }>;
  onChange: (value: Value) => void;
};

/** One of two to four choices that lie side by side. */
export function Segmented<Value extends string>({ label, value, options, onChange }: SegmentedProps<Value>) {
  return (
    <ToggleGroup
      aria-label={label}
      value={[value]}
      onValueChange={(next) => {
        const [chosen] = next;
        if (chosen) onChange(chosen as Value);
      }}
      className="inline-flex h-7 items-center rounded-md border border-line bg-bg p-0.5"
    >
      {options.map(({ value, label, icon: Icon }) => (
        <Toggle
          key={value}
          value={value}
          className="flex h-full items-center gap-1 rounded-sm px-2 text-meta text-muted hover:text-fg data-pressed:bg-surface data-pressed:font-medium data-pressed:text-fg data-pressed:shadow-[0_0_0_1px_var(--line)]"
        >
          {Icon && <Icon aria-hidden className="size-3.5" />}
          {label}
        </Toggle>
      ))}
    </ToggleGroup>
  );
}

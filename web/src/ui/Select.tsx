import { Select as Base } from "@base-ui/react/select";
import { clsx } from "clsx";
import { Check, ChevronsUpDown } from "lucide-react";
import type { ReactNode } from "react";
import { controlClass } from "./Input";

export type Option<Value extends string = string> = { value: Value; label: string; hint?: string; icon?: ReactNode };

type SelectProps<Value extends string> = {
  value: Value | null;
  onChange: (value: Value) => void;
  options: readonly Option<Value>[];
  placeholder?: string;
  disabled?: boolean;
  className?: string;
  /** Its name where no Field gives one. */
  "aria-label"?: string;
};

/** One of a few values. For many, take Combobox, which can be searched. */
export function Select<Value extends string>({
  value,
  onChange,
  options,
  placeholder = "Choose…",
  disabled = false,
  className,
  ...rest
}: SelectProps<Value>) {
  return (
    <Base.Root
      value={value}
      disabled={disabled}
      items={options as Option<Value>[]}
      onValueChange={(next) => next !== null && onChange(next as Value)}
    >
      <Base.Trigger {...rest} className={clsx(controlClass, "flex h-8 items-center gap-2 px-2.5 text-left", className)}>
        <Base.Value placeholder={placeholder} className="grow truncate data-placeholder:text-muted" />
        <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-muted" />
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50">
          <Base.Popup className="floating-layer min-w-(--anchor-width) max-w-96">
            <Base.List className="max-h-[min(24rem,var(--available-height))] overflow-y-auto p-1">
              {options.map((option) => (
                <Base.Item
                  key={option.value}
                  value={option.value}
                  className="grid min-h-7 cursor-default grid-cols-[1rem_1fr] items-center gap-x-1.5 rounded-sm px-1.5 py-1 outline-none data-highlighted:bg-hover"
                >
                  <Base.ItemIndicator>
                    <Check aria-hidden className="size-3.5 text-accent" />
                  </Base.ItemIndicator>
                  <Base.ItemText className="col-start-2 flex items-center gap-1.5">
                    {option.icon}
                    {option.label}
                  </Base.ItemText>
                  {option.hint && <span className="col-start-2 text-meta text-muted">{option.hint}</span>}
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

import { Combobox as Base } from "@base-ui/react/combobox";
import { clsx } from "clsx";
import { Check, ChevronsUpDown, X } from "lucide-react";
import { useMemo } from "react";
import { controlClass } from "./Input";
import type { Option } from "./Select";

type Common = {
  options: readonly Option[];
  placeholder?: string;
  disabled?: boolean;
  className?: string;
  "aria-label"?: string;
  id?: string;
  /** Asks for options elsewhere: called with what is typed. Without it the options are filtered here. */
  onSearch?: (text: string) => void;
  isSearching?: boolean;
};

type ComboboxProps = Common & { value: string | null; onChange: (value: string | null) => void };
type MultiComboboxProps = Common & { value: readonly string[]; onChange: (value: string[]) => void };

/** One of many values, found by typing. */
export function Combobox({ value, onChange, placeholder, disabled = false, className, ...rest }: ComboboxProps) {
  const { options, onSearch, isSearching, ...input } = rest;
  const items = useItems(options, value === null ? [] : [value]);
  const chosen = items.find((item) => item.value === value) ?? null;
  return (
    <Base.Root
      items={items}
      value={chosen}
      disabled={disabled}
      isItemEqualToValue={(one, other) => one.value === other.value}
      onValueChange={(next) => onChange(next?.value ?? null)}
      onInputValueChange={(text, { reason }) => reason === "input-change" && onSearch?.(text)}
      {...(onSearch ? { filter: null } : {})}
    >
      <Base.InputGroup className={clsx("relative flex w-full min-w-0", className)}>
        <Base.Input {...input} placeholder={placeholder} className={clsx(controlClass, "h-8 pr-8 pl-2.5")} />
        {chosen && !disabled ? (
          <Base.Clear
            aria-label="Clear"
            className="absolute inset-y-0 right-0 flex w-8 items-center justify-center text-muted hover:text-fg"
          >
            <X aria-hidden className="size-3.5" />
          </Base.Clear>
        ) : (
          <Base.Trigger
            aria-label="Show options"
            className="absolute inset-y-0 right-0 flex w-8 items-center justify-center text-muted hover:text-fg"
          >
            <ChevronsUpDown aria-hidden className="size-3.5" />
          </Base.Trigger>
        )}
      </Base.InputGroup>
      <Options isSearching={isSearching ?? false} />
    </Base.Root>
  );
}

/** Several of many values, shown as chips. */
export function MultiCombobox({
  value,
  onChange,
  placeholder,
  disabled = false,
  className,
  ...rest
}: MultiComboboxProps) {
  const { options, onSearch, isSearching, ...input } = rest;
  const items = useItems(options, value);
  const chosen = value.flatMap((one) => items.find((item) => item.value === one) ?? []);
  return (
    <Base.Root
      multiple
      items={items}
      value={chosen}
      disabled={disabled}
      isItemEqualToValue={(one, other) => one.value === other.value}
      onValueChange={(next) => onChange(next.map((item) => item.value))}
      onInputValueChange={(text, { reason }) => reason === "input-change" && onSearch?.(text)}
      {...(onSearch ? { filter: null } : {})}
    >
      <Base.InputGroup
        className={clsx(
          controlClass,
          "flex min-h-8 flex-wrap items-center gap-1 px-1 py-0.5 focus-within:border-accent",
          className,
        )}
      >
        <Base.Chips className="contents">
          {chosen.map((item) => (
            <Base.Chip
              key={item.value}
              className="flex h-6 max-w-full items-center gap-1 rounded-sm bg-hover pr-0.5 pl-2 text-meta outline-none data-highlighted:bg-accent-soft"
            >
              <span className="truncate">{item.label}</span>
              <Base.ChipRemove
                aria-label={`Remove ${item.label}`}
                className="flex size-5 items-center justify-center rounded-sm text-muted hover:text-fg"
              >
                <X aria-hidden className="size-3" />
              </Base.ChipRemove>
            </Base.Chip>
          ))}
          <Base.Input
            {...input}
            placeholder={chosen.length === 0 ? placeholder : ""}
            className="h-6 w-20 grow bg-transparent px-1.5 outline-none"
          />
        </Base.Chips>
      </Base.InputGroup>
      <Options isSearching={isSearching ?? false} />
    </Base.Root>
  );
}

/** The options, and what is chosen even where it is none of them (any more). */
function useItems(options: readonly Option[], chosen: readonly string[]): Option[] {
  const key = chosen.join("\n");
  return useMemo(() => {
    const known = new Set(options.map((option) => option.value));
    const others = key === "" ? [] : key.split("\n").filter((value) => !known.has(value));
    return [...options, ...others.map((value) => ({ value, label: value }))];
  }, [options, key]);
}

function Options({ isSearching }: { isSearching: boolean }) {
  return (
    <Base.Portal>
      <Base.Positioner sideOffset={4} className="z-50">
        <Base.Popup className="floating-layer min-w-(--anchor-width) max-w-(--available-width)">
          <Base.Status className="px-2.5 py-1.5 text-meta text-muted empty:hidden">
            {isSearching ? "Searching…" : null}
          </Base.Status>
          <Base.Empty className="px-2.5 py-2 text-muted empty:hidden">
            {isSearching ? null : "Nothing matches."}
          </Base.Empty>
          <Base.List className="max-h-[min(20rem,var(--available-height))] overflow-y-auto p-1 data-empty:p-0">
            {(item: Option) => (
              <Base.Item
                key={item.value}
                value={item}
                className="grid min-h-7 cursor-default grid-cols-[1rem_1fr] items-center gap-x-1.5 rounded-sm px-1.5 py-1 outline-none data-highlighted:bg-hover"
              >
                <Base.ItemIndicator>
                  <Check aria-hidden className="size-3.5 text-accent" />
                </Base.ItemIndicator>
                <span className="col-start-2 flex min-w-0 items-center gap-1.5">
                  {item.icon}
                  <span className="truncate">{item.label}</span>
                </span>
                {item.hint && <span className="col-start-2 truncate text-meta text-muted">{item.hint}</span>}
              </Base.Item>
            )}
          </Base.List>
        </Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  );
}

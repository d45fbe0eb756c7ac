import { Menu as Base } from "@base-ui/react/menu";
import { clsx } from "clsx";
import { Check, type LucideIcon } from "lucide-react";
import type { ReactElement, ReactNode } from "react";

type MenuProps = {
  /** The button that opens it. */
  trigger: ReactElement<Record<string, unknown>>;
  side?: "top" | "bottom" | "right";
  align?: "start" | "center" | "end";
  children: ReactNode;
};

export function Menu({ trigger, side = "bottom", align = "start", children }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner side={side} align={align} sideOffset={4} className="z-50 outline-none">
          <Base.Popup className="floating-layer max-h-(--available-height) min-w-44 overflow-y-auto p-1 outline-none">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

const itemClass =
  "flex min-h-7 cursor-default items-center gap-2 rounded-sm px-2 py-1 text-body outline-none data-disabled:opacity-50 data-highlighted:bg-hover";

type MenuItemProps = {
  icon?: LucideIcon;
  isDanger?: boolean;
  disabled?: boolean;
  /** Shown at the end. */
  hint?: ReactNode;
  onSelect: () => void;
  children: ReactNode;
};

export function MenuItem({ icon: Icon, isDanger = false, disabled = false, hint, onSelect, children }: MenuItemProps) {
  return (
    <Base.Item disabled={disabled} onClick={onSelect} className={clsx(itemClass, isDanger && "text-bad")}>
      {Icon && <Icon aria-hidden className={clsx("size-4 shrink-0", !isDanger && "text-muted")} />}
      <span className="grow">{children}</span>
      {hint && <span className="text-meta text-muted">{hint}</span>}
    </Base.Item>
  );
}

/** An item that leads elsewhere: give it a Link. */
export function MenuLink({ link, children }: { link: ReactElement<Record<string, unknown>>; children: ReactNode }) {
  return (
    <Base.LinkItem closeOnClick render={link} className={itemClass}>
      {children}
    </Base.LinkItem>
  );
}

type MenuRadioProps<Value extends string> = {
  label: string;
  value: Value;
  options: ReadonlyArray<{ value: Value; label: string; icon?: LucideIcon }>;
  onChange: (value: Value) => void;
};

export function MenuRadio<Value extends string>({ label, value, options, onChange }: MenuRadioProps<Value>) {
  return (
    <Base.Group>
      <Base.GroupLabel className="px-2 py-1 text-meta text-muted">{label}</Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={(next) => onChange(next as Value)}>
        {options.map(({ value, label, icon: Icon }) => (
          <Base.RadioItem key={value} value={value} className={itemClass}>
            {Icon && <Icon aria-hidden className="size-4 shrink-0 text-muted" />}
            <span className="grow">{label}</span>
            <Base.RadioItemIndicator>
              <Check aria-hidden className="size-3.5 text-accent" />
            </Base.RadioItemIndicator>
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  );
}

export function MenuSeparator() {
  return <Base.Separator className="-mx-1 my-1 h-px bg-line" />;
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <div className="px-2 py-1 text-meta text-muted">{children}</div>;
}

import { Switch as Base } from "@base-ui/react/switch";
import { clsx } from "clsx";
import type { ReactNode } from "react";

type SwitchProps = {
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  children?: ReactNode;
  "aria-label"?: string;
  className?: string;
};

/** Something that is on or off, and takes effect at once. */
export function Switch({ checked, onChange, children, className, ...rest }: SwitchProps) {
  const control = (
    <Base.Root
      {...rest}
      checked={checked}
      onCheckedChange={(next) => onChange(next)}
      className="relative flex h-4.5 w-8 shrink-0 rounded-full bg-line-strong p-0.5 transition-colors duration-150 before:absolute before:-inset-1 data-checked:bg-accent data-disabled:cursor-not-allowed data-disabled:opacity-50"
    >
      <Base.Thumb className="size-3.5 rounded-full bg-surface transition-transform duration-150 data-checked:translate-x-3.5 dark:data-unchecked:bg-fg dark:data-checked:bg-accent-fg" />
    </Base.Root>
  );
  if (!children) return control;
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the switch in it is the control
    <label className={clsx("flex items-center gap-2", className)}>
      {control}
      {children}
    </label>
  );
}

import { Checkbox as Base } from "@base-ui/react/checkbox";
import { clsx } from "clsx";
import { Check, Minus } from "lucide-react";
import type { ReactNode } from "react";

type CheckboxProps = {
  checked: boolean;
  /** Some of what it stands for is chosen. */
  isPartial?: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  children?: ReactNode;
  className?: string;
  "aria-label"?: string;
  tabIndex?: number;
};

export function Checkbox({ checked, isPartial = false, onChange, children, className, ...rest }: CheckboxProps) {
  const box = (
    <Base.Root
      {...rest}
      checked={checked}
      indeterminate={isPartial}
      onCheckedChange={(next) => onChange(next)}
      className={clsx(
        "relative flex size-4 shrink-0 items-center justify-center rounded-sm border border-line-strong bg-surface text-accent-fg transition-colors duration-100 before:absolute before:-inset-1",
        "hover:border-muted data-checked:border-accent data-checked:bg-accent data-indeterminate:border-accent data-indeterminate:bg-accent",
        "data-disabled:cursor-not-allowed data-disabled:opacity-50",
        !children && className,
      )}
    >
      <Base.Indicator>
        {isPartial ? (
          <Minus aria-hidden className="size-3" />
        ) : (
          <Check aria-hidden className="size-3" strokeWidth={3} />
        )}
      </Base.Indicator>
    </Base.Root>
  );
  if (!children) return box;
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the box in it is the control
    <label className={clsx("flex items-center gap-2", className)}>
      {box}
      {children}
    </label>
  );
}

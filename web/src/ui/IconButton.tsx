import { clsx } from "clsx";
import type { LucideIcon } from "lucide-react";
import type { ComponentProps } from "react";
import { Tooltip } from "./Tooltip";

type IconButtonProps = Omit<ComponentProps<"button">, "children" | "aria-label"> & {
  icon: LucideIcon;
  /** What it does: its name for screen readers, and its tooltip. */
  label: string;
  /** Keys that do the same, as for useHotkey. */
  keys?: string;
  isPressed?: boolean;
  disabledReason?: string | undefined;
  size?: "xs" | "sm" | "md";
};

export function IconButton({
  icon: Icon,
  label,
  keys,
  isPressed,
  disabledReason,
  size = "sm",
  className,
  onClick,
  ...rest
}: IconButtonProps) {
  const isOff = disabledReason !== undefined || rest.disabled;
  return (
    <Tooltip text={disabledReason ?? label} {...(keys ? { keys } : {})}>
      <button
        type="button"
        {...rest}
        disabled={undefined}
        aria-label={label}
        aria-pressed={isPressed}
        aria-disabled={isOff || undefined}
        onClick={(event) => {
          if (isOff) event.preventDefault();
          else onClick?.(event);
        }}
        className={clsx(
          "inline-flex shrink-0 items-center justify-center rounded-md transition-colors duration-100",
          "not-aria-disabled:hover:bg-hover not-aria-disabled:hover:text-fg",
          "aria-disabled:cursor-not-allowed aria-disabled:opacity-50",
          isPressed ? "bg-accent-soft text-accent" : "text-muted",
          { xs: "size-6", sm: "size-7", md: "size-8" }[size],
          className,
        )}
      >
        <Icon aria-hidden className={size === "xs" ? "size-3.5" : "size-4"} />
      </button>
    </Tooltip>
  );
}

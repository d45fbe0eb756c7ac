import { clsx } from "clsx";
import type { LucideIcon } from "lucide-react";
import type { ComponentProps } from "react";
import { Spinner } from "./Spinner";
import { Tooltip } from "./Tooltip";

export type ButtonLook = {
  variant?: "primary" | "secondary" | "ghost" | "danger";
  /** 28 or 32 px high. */
  size?: "sm" | "md";
};

/** The classes of a button, for links that look like one. */
export function buttonClass({ variant = "secondary", size = "sm" }: ButtonLook, className?: string): string {
  return clsx(
    "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md border font-medium text-body transition-colors duration-100",
    "aria-disabled:cursor-not-allowed aria-disabled:opacity-50",
    size === "sm" ? "h-7 px-2.5" : "h-8 px-3",
    {
      primary: "border-transparent bg-accent text-accent-fg not-aria-disabled:hover:bg-accent-strong",
      secondary: "border-line-strong/80 bg-surface text-fg not-aria-disabled:hover:bg-hover",
      ghost: "border-transparent text-muted not-aria-disabled:hover:bg-hover not-aria-disabled:hover:text-fg",
      danger: "border-transparent bg-bad text-bad-fg not-aria-disabled:hover:brightness-90",
    }[variant],
    className,
  );
}

type ButtonProps = ComponentProps<"button"> &
  ButtonLook & {
    icon?: LucideIcon;
    /** It is at work: shown, and not to be pressed again. */
    isBusy?: boolean;
    /** Why it cannot be pressed. It stays focusable, so that everybody can learn the reason. */
    disabledReason?: string | undefined;
  };

export function Button({
  variant,
  size,
  icon: Icon,
  isBusy = false,
  disabledReason,
  disabled,
  className,
  children,
  onClick,
  type = "button",
  ...rest
}: ButtonProps) {
  const isOff = disabled || isBusy || disabledReason !== undefined;
  const button = (
    <button
      {...rest}
      type={type}
      aria-disabled={isOff || undefined}
      aria-busy={isBusy || undefined}
      onClick={(event) => {
        if (isOff) event.preventDefault();
        else onClick?.(event);
      }}
      className={buttonClass({ variant, size }, className)}
    >
      {isBusy ? <Spinner /> : Icon && <Icon aria-hidden className="size-3.5 shrink-0" />}
      {children}
    </button>
  );
  return disabledReason === undefined ? button : <Tooltip text={disabledReason}>{button}</Tooltip>;
}

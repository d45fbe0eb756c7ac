import { Input as Base } from "@base-ui/react/input";
import { clsx } from "clsx";
import type { ComponentProps } from "react";

/** What all controls that text is typed into look like. */
export const controlClass = clsx(
  "w-full min-w-0 rounded-md border border-line-strong bg-surface text-body text-fg transition-colors duration-100",
  "hover:border-muted/60 focus:border-accent focus:outline-2 focus:-outline-offset-1 focus:outline-accent/70",
  "aria-invalid:border-bad data-invalid:border-bad disabled:cursor-not-allowed disabled:bg-hover disabled:text-muted",
  "[&:is(input,textarea):read-only]:bg-hover",
);

type InputProps = ComponentProps<"input"> & { isMono?: boolean };

export function Input({ className, isMono, ...rest }: InputProps) {
  return <Base {...rest} className={clsx(controlClass, "h-8 px-2.5", isMono && "font-mono text-code", className)} />;
}

import { Field } from "@base-ui/react/field";
import { clsx } from "clsx";
import type { ComponentProps } from "react";
import { controlClass } from "./Input";

type TextareaProps = ComponentProps<"textarea"> & { isMono?: boolean };

/** Grows with what is in it, up to 20 lines. */
export function Textarea({ className, isMono, rows = 3, ...rest }: TextareaProps) {
  return (
    <Field.Control
      render={<textarea rows={rows} {...rest} />}
      className={clsx(
        controlClass,
        "field-sizing-content max-h-100 min-h-16 resize-y px-2.5 py-1.5",
        isMono && "font-mono text-code",
        className,
      )}
    />
  );
}

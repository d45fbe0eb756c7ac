import { Field as Base } from "@base-ui/react/field";
import { clsx } from "clsx";
import type { ReactNode } from "react";

type FieldProps = {
  label: ReactNode;
  /** Keeps the label for screen readers alone. */
  isLabelHidden?: boolean;
  hint?: ReactNode;
  /** What is wrong with the value. */
  error?: ReactNode;
  isRequired?: boolean;
  className?: string;
  /** Input, Textarea, Select, Combobox, Switch or Checkbox. */
  children: ReactNode;
};

/** A control with its label, hint and error, which screen readers hear as one. */
export function Field({ label, isLabelHidden, hint, error, isRequired, className, children }: FieldProps) {
  return (
    <Base.Root invalid={Boolean(error)} className={clsx("flex min-w-0 flex-col gap-1", className)}>
      <Base.Label className={clsx("font-medium text-meta", isLabelHidden && "sr-only")}>
        {label}
        {isRequired && (
          <span className="text-bad">
            <span aria-hidden> *</span>
            <span className="sr-only"> (required)</span>
          </span>
        )}
      </Base.Label>
      {children}
      {hint && <Base.Description className="text-meta text-muted">{hint}</Base.Description>}
      {error && (
        <Base.Error match className="text-bad text-meta">
          {error}
        </Base.Error>
      )}
    </Base.Root>
  );
}

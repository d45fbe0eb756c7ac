import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

type EmptyStateProps = {
  icon?: LucideIcon;
  title: string;
  /** One sentence. */
  children?: ReactNode;
  /** The one thing to do now, and perhaps a second way. */
  actions?: ReactNode;
};

/** Nothing is here: says what would be, and what to do. */
export function EmptyState({ icon: Icon, title, children, actions }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center px-6 py-14 text-center">
      {Icon && (
        <span className="mb-4 flex size-11 items-center justify-center rounded-lg border border-line bg-surface text-muted">
          <Icon aria-hidden className="size-5" />
        </span>
      )}
      <h2 className="font-semibold text-section">{title}</h2>
      {children && <div className="mt-1 max-w-110 text-muted">{children}</div>}
      {actions && <div className="mt-4 flex flex-wrap justify-center gap-2">{actions}</div>}
    </div>
  );
}

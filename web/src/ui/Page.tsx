import { clsx } from "clsx";
import { type ReactNode, useEffect } from "react";

type PageProps = {
  /** The browser's title, too. */
  title: string;
  header?: ReactNode;
  /** Fills the window: what is in it scrolls by itself (tables, canvases). */
  isFull?: boolean;
  /** 720 px for forms and text, all there is for lists. */
  width?: "narrow" | "wide";
  children: ReactNode;
};

export function Page({ title, header, isFull = false, width = "wide", children }: PageProps) {
  useTitle(title);
  return (
    <div className={clsx("flex min-h-full flex-col", isFull && "h-full")}>
      {header}
      <div
        className={clsx(
          "grow",
          isFull ? "flex min-h-0 flex-col" : "w-full px-4 py-4 sm:px-6 sm:py-5",
          !isFull && (width === "narrow" ? "max-w-180" : "max-w-360"),
        )}
      >
        {children}
      </div>
    </div>
  );
}

type PageHeaderProps = {
  title: ReactNode;
  icon?: ReactNode;
  /** Where the page is: links to what is above it. */
  above?: ReactNode;
  description?: ReactNode;
  /** The one thing to do here last. */
  actions?: ReactNode;
  /** Below the title: tabs, a toolbar. */
  children?: ReactNode;
  className?: string;
};

export function PageHeader({ title, icon, above, description, actions, children, className }: PageHeaderProps) {
  return (
    <header className={clsx("shrink-0 border-line border-b bg-surface px-4 pt-3 pb-3 sm:px-6", className)}>
      {above && <div className="mb-1 flex items-center gap-1 text-meta text-muted">{above}</div>}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        {icon}
        <div className="min-w-0 grow basis-60">
          <h1 className="truncate font-semibold text-title">{title}</h1>
          {description && <div className="text-muted">{description}</div>}
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
      {children}
    </header>
  );
}

/** A part of a page with a heading. */
export function Section({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className="mb-6">
      <div className="mb-2 flex min-h-7 items-center gap-2">
        <h2 className="grow font-semibold text-section">{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** A box with a hairline around it. */
export function Card({ className, children }: { className?: string; children: ReactNode }) {
  return <div className={clsx("rounded-lg border border-line bg-surface", className)}>{children}</div>;
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Portolan` : "Portolan";
  }, [title]);
}

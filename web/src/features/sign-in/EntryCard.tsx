import type { ReactNode } from "react";
import { Logo } from "@/ui/Logo";
import { useTitle } from "@/ui/Page";

type EntryCardProps = { title: string; description?: ReactNode; children: ReactNode };

/** What pages before sign-in look like. */
export function EntryCard({ title, description, children }: EntryCardProps) {
  useTitle(title);
  return (
    <main className="flex min-h-dvh flex-col items-center bg-bg px-4 pt-[14vh] pb-10">
      <p className="mb-6 flex items-center gap-2.5 font-semibold text-section">
        <Logo className="size-7" />
        Portolan
      </p>
      <div className="w-full max-w-90 rounded-lg border border-line bg-surface p-6">
        <h1 className="font-semibold text-title">{title}</h1>
        {description && <div className="mt-1 text-muted">{description}</div>}
        <div className="mt-5">{children}</div>
      </div>
    </main>
  );
}

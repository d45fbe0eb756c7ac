import { clsx } from "clsx";
import { Minus, Pencil, Plus } from "lucide-react";
import type { Change } from "../draft/changes";

const LOOK = {
  added: { icon: Plus, tone: "text-ok", word: "Added" },
  removed: { icon: Minus, tone: "text-bad", word: "Removed" },
  changed: { icon: Pencil, tone: "text-warn", word: "Changed" },
} as const;

/** What a draft changes, a line each. */
export function ChangeList({ changes, isNew }: { changes: readonly Change[]; isNew: boolean }) {
  const shown = isNew ? changes.filter(({ name }) => name !== "") : changes;
  if (shown.length === 0)
    return (
      <p className="text-muted">
        {isNew ? "It has no properties and relations yet." : "Only the order of things differs."}
      </p>
    );
  return (
    <ul aria-label="Changes" className="max-h-56 overflow-y-auto rounded-md border border-line">
      {shown.map(({ kind, what, name, detail, pointer }) => {
        const { icon: Icon, tone, word } = LOOK[kind];
        return (
          <li key={pointer} className="flex min-h-8 items-center gap-2 border-line border-b px-2.5 py-1 last:border-0">
            <Icon aria-label={word} className={clsx("size-3.5 shrink-0", tone)} />
            <span className="shrink-0 text-muted">{what}</span>
            {name && <span className="min-w-0 shrink truncate font-medium">{name}</span>}
            <span className="min-w-0 grow truncate text-muted">{detail}</span>
          </li>
        );
      })}
    </ul>
  );
}

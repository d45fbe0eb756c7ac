import { Panel } from "@xyflow/react";
import { Button } from "@/ui/Button";
import { Spinner } from "@/ui/Spinner";

type CanvasNotesProps = { isBusy: boolean; shown: number; hidden: number; onAll: () => void };

/** What the lines mean, and what of the model is not shown. */
export function CanvasNotes({ isBusy, shown, hidden, onAll }: CanvasNotesProps) {
  return (
    <Panel position="top-right" className="m-3! flex flex-col items-end gap-2">
      {hidden > 0 && (
        <div className="flex items-center gap-2 rounded-lg border border-line bg-surface py-1 pr-1 pl-3">
          <span className="tnum text-meta">
            {shown} of {shown + hidden} blueprints are shown
          </span>
          <Button onClick={onAll}>Load all</Button>
        </div>
      )}
      {isBusy && (
        <span
          role="status"
          className="flex items-center gap-2 rounded-lg border border-line bg-surface px-2.5 py-1.5 text-meta text-muted"
        >
          <Spinner /> Laying out
        </span>
      )}
      <ul
        className="hidden gap-3 rounded-lg bg-bg/80 px-2 py-1 text-[0.6875rem] text-muted sm:flex"
        aria-label="What the lines mean"
      >
        <li className="flex items-center gap-1.5">
          <Sample /> required
        </li>
        <li className="flex items-center gap-1.5">
          <Sample isDashed /> optional
        </li>
        <li className="flex items-center gap-1.5">
          <Sample isMany /> to many
        </li>
      </ul>
    </Panel>
  );
}

function Sample({ isDashed = false, isMany = false }: { isDashed?: boolean; isMany?: boolean }) {
  return (
    <svg aria-hidden width="28" height="8" className="text-muted" fill="none" stroke="currentColor" strokeWidth="1.25">
      <path d="M0,4 H26" {...(isDashed ? { strokeDasharray: "4 3" } : {})} />
      <path d={isMany ? "M16,1 L20,4 L16,7 M22,1 L26,4 L22,7" : "M22,1 L26,4 L22,7"} />
    </svg>
  );
}

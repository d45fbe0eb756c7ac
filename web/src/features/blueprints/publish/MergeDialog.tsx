import { lazy, Suspense, useMemo, useState } from "react";
import { isSame, type Json } from "@/lib/json";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Segmented } from "@/ui/Segmented";
import { SkeletonLines } from "@/ui/Skeleton";
import { useDesigner } from "../designer";
import { merged, serverDefinition } from "../draft/drafts";
import { merge, withTheirs } from "../draft/merge";

const DiffView = lazy(() => import("@/code-editor/DiffView"));

type Choice = "mine" | "theirs";

/** Somebody else changed what a draft changes: each such place is chosen, the rest is laid together. */
export default function MergeDialog({ identifier, onClose }: { identifier: string; onClose: () => void }) {
  const { server, drafts, model, changeDrafts } = useDesigner();
  const draft = drafts[identifier];
  const theirs = serverDefinition(server, identifier);
  const [choices, setChoices] = useState<Record<string, Choice>>({});
  const found = useMemo(
    () => (draft && theirs ? merge(draft.base ?? {}, draft.definition, theirs) : undefined),
    [draft, theirs],
  );
  if (!found || !theirs) return null;
  const keyOf = (keys: readonly string[]) => keys.join("/");
  const result = withTheirs(
    found.merged,
    found.conflicts.filter(({ keys }) => choices[keyOf(keys)] === "theirs"),
  );
  const open = found.conflicts.filter(({ keys }) => choices[keyOf(keys)] === undefined);
  return (
    <Dialog
      isOpen
      onClose={onClose}
      size="lg"
      title={`Merge ${model.get(identifier)?.title ?? identifier}`}
      description="Somebody published another change of this blueprint since you began. What only one of you changed is kept already."
      footer={
        <>
          <Button onClick={onClose}>Later</Button>
          <Button
            variant="primary"
            disabled={open.length > 0}
            onClick={() => {
              changeDrafts("merge", (all) => merged(server, all, identifier, result));
              onClose();
            }}
          >
            Take the merged draft
          </Button>
        </>
      }
    >
      <ul className="mb-4 flex flex-col gap-2">
        {found.conflicts.map(({ keys, base, mine, theirs }) => {
          const key = keyOf(keys);
          return (
            <li key={key} className="rounded-md border border-line p-3">
              <div className="mb-2 flex flex-wrap items-center gap-2">
                <code className="min-w-0 grow font-mono text-code [overflow-wrap:anywhere]">{keys.join(" › ")}</code>
                <Segmented<Choice | "open">
                  label={`Which ${keys.at(-1) ?? "value"}`}
                  value={choices[key] ?? "open"}
                  options={[
                    { value: "mine", label: "Mine" },
                    { value: "theirs", label: "Theirs" },
                  ]}
                  onChange={(next) => next !== "open" && setChoices({ ...choices, [key]: next })}
                />
              </div>
              <dl className="grid grid-cols-[4rem_1fr] gap-x-3 gap-y-1 text-meta">
                <Value title="Mine" value={mine} />
                <Value title="Theirs" value={theirs} />
                {!isSame(base, theirs) && <Value title="Before" value={base} isMuted />}
              </dl>
            </li>
          );
        })}
      </ul>
      <h3 className="mb-1 font-semibold">The draft then, compared with what is published</h3>
      <Suspense fallback={<SkeletonLines count={4} />}>
        <DiffView
          label="What the merged draft changes"
          before={JSON.stringify(theirs, null, 2)}
          after={JSON.stringify(result, null, 2)}
          className="max-h-80 overflow-auto rounded-md border border-line"
        />
      </Suspense>
    </Dialog>
  );
}

function Value({ title, value, isMuted = false }: { title: string; value: Json | undefined; isMuted?: boolean }) {
  return (
    <>
      <dt className="text-muted">{title}</dt>
      <dd className={isMuted ? "font-mono text-muted [overflow-wrap:anywhere]" : "font-mono [overflow-wrap:anywhere]"}>
        {value === undefined ? <em className="font-sans">not there</em> : JSON.stringify(value)}
      </dd>
    </>
  );
}

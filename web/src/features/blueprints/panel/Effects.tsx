import { CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { pointerKeys } from "@/lib/json";
import { Button } from "@/ui/Button";
import { Spinner } from "@/ui/Spinner";
import { useDesigner } from "../designer";
import { partAt } from "../draft/definition";
import type { LivePlan, PlacedProblem } from "../usePlan";

/** Below the panel: what the draft would do, or what is wrong with it. */
export function Effects({ live, identifier }: { live: LivePlan; identifier: string }) {
  const { drafts, openDialog } = useDesigner();
  const [isOpen, setOpen] = useState(true);
  if (!(identifier in drafts)) return null;
  const { plan, problems, isPending } = live;
  if (problems.length > 0) {
    return (
      <footer className="max-h-48 shrink-0 overflow-y-auto border-line border-t">
        <button
          type="button"
          aria-expanded={isOpen}
          className="sticky top-0 flex h-9 w-full items-center gap-2 bg-surface px-4 text-left font-medium text-bad"
          onClick={() => setOpen(!isOpen)}
        >
          <CircleAlert aria-hidden className="size-4 shrink-0" />
          <span className="grow">
            {problems.length === 1 ? "1 problem" : `${problems.length} problems`} to put right before it can be
            published
          </span>
          {isPending && <Spinner className="text-muted" />}
        </button>
        {isOpen && (
          <ul className="pb-2">
            {problems.map((problem) => (
              <ProblemLine key={`${problem.pointer} ${problem.message}`} problem={problem} own={identifier} />
            ))}
          </ul>
        )}
      </footer>
    );
  }
  const losses = plan ? lossesOf(plan) : [];
  const Icon = losses.length > 0 ? TriangleAlert : CircleCheck;
  return (
    <footer className="flex min-h-11 shrink-0 items-center gap-2 border-line border-t py-1.5 pr-2 pl-4">
      {isPending || !plan ? (
        <Spinner className="text-muted" />
      ) : (
        <Icon aria-hidden className={losses.length > 0 ? "size-4 shrink-0 text-warn" : "size-4 shrink-0 text-ok"} />
      )}
      <p className="min-w-0 grow text-meta" role="status">
        {!plan
          ? "Looking at what it would do…"
          : losses.length > 0
            ? losses.join(" · ")
            : "No entity and no query is affected."}
      </p>
      <Button onClick={() => openDialog({ kind: "publish" })}>Review</Button>
    </footer>
  );
}

/** What would be lost, in a few words. */
export function lossesOf(plan: NonNullable<LivePlan["plan"]>): string[] {
  const number = new Intl.NumberFormat("en");
  const { failingCount, droppedValues, breaksGraphql, brokenReferences } = plan;
  return [
    failingCount > 0
      ? `${number.format(failingCount)} ${failingCount === 1 ? "entity" : "entities"} would not fit`
      : "",
    droppedValues > 0
      ? `${number.format(droppedValues)} ${droppedValues === 1 ? "value" : "values"} would be gone`
      : "",
    breaksGraphql.length > 0
      ? `${breaksGraphql.length} GraphQL ${breaksGraphql.length === 1 ? "change" : "changes"} that break queries`
      : "",
    brokenReferences.length > 0
      ? `${brokenReferences.length} broken ${brokenReferences.length === 1 ? "reference" : "references"}`
      : "",
  ].filter(Boolean);
}

function ProblemLine({ problem, own }: { problem: PlacedProblem; own: string }) {
  const { model, select, onSearch, search } = useDesigner();
  const { pointer, message, blueprint } = problem;
  const part = partAt(pointerKeys(pointer));
  const where = [blueprint === own ? "" : (model.get(blueprint)?.title ?? blueprint), part?.identifier ?? pointer]
    .filter(Boolean)
    .join(": ");
  const go = () => {
    if (search.tab === "json" && blueprint === own) onSearch({ at: pointer });
    else select(blueprint, part);
  };
  return (
    <li>
      <button type="button" onClick={go} className="flex w-full gap-2 px-4 py-1 text-left hover:bg-hover">
        <span className="min-w-0 grow [overflow-wrap:anywhere]">{message}</span>
        {where && (
          <code className="max-w-[45%] shrink-0 truncate font-mono text-[0.6875rem] text-muted leading-5">{where}</code>
        )}
      </button>
    </li>
  );
}

import { clsx } from "clsx";
import type { ReactNode } from "react";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { SkeletonLines } from "@/ui/Skeleton";
import type { LivePlan } from "../usePlan";

const number = new Intl.NumberFormat("en");
/** Lines of a list that are shown at once. */
const SOME = 100;

/** What publishing would do to entities, queries and what refers to it. */
export function PlanEffects({ live, isNew }: { live: LivePlan | undefined; isNew: boolean }) {
  if (live?.error) return <ErrorPanel error={live.error} title="What it would do could not be found out." />;
  const plan = live?.plan;
  if (!live || !plan) return <SkeletonLines count={3} label="Looking at what it would do" />;
  const { problems, waits } = live;
  const {
    entitiesAffected,
    failingCount,
    failing,
    droppedValues,
    breaksGraphql,
    brokenReferences,
    complete,
    lookedAt,
  } = plan;
  const isHarmless =
    failingCount === 0 && droppedValues === 0 && breaksGraphql.length === 0 && brokenReferences.length === 0;
  return (
    <div className="flex flex-col gap-3">
      {problems.length > 0 && (
        <div role="alert" className="rounded-md border border-bad/30 bg-bad-soft px-3 py-2">
          <p className="font-medium">It would be refused:</p>
          <ul className="mt-0.5 list-disc pl-4">
            {problems.map(({ message, pointer, blueprint }) => (
              <li key={`${blueprint} ${pointer} ${message}`}>
                {message} <code className="font-mono text-[0.6875rem] text-muted">{pointer}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
      <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line sm:grid-cols-5">
        <Figure title="Entities affected" value={entitiesAffected} tone={entitiesAffected > 0 ? "warn" : undefined} />
        <Figure title="Would not fit" value={failingCount} tone={failingCount > 0 ? "bad" : undefined} />
        <Figure title="Values gone" value={droppedValues} tone={droppedValues > 0 ? "bad" : undefined} />
        <Figure
          title="GraphQL breaks"
          value={breaksGraphql.length}
          tone={breaksGraphql.length > 0 ? "warn" : undefined}
        />
        <Figure
          title="Broken references"
          value={brokenReferences.length}
          tone={brokenReferences.length > 0 ? "bad" : undefined}
        />
      </dl>
      {waits.length > 0 && (
        <p className="text-meta text-muted">
          {waits.join(", ")} {waits.length === 1 ? "is" : "are"} published first; what points there is not part of these
          figures.
        </p>
      )}
      {!complete && (
        <p className="text-meta text-warn">
          Only the first {number.format(lookedAt)} entities could be looked at in time; there may be more.
        </p>
      )}
      {isHarmless && problems.length === 0 && (
        <p className="text-muted">
          {isNew
            ? "It adds a type to the catalog and to the GraphQL API; nothing that is there changes."
            : "No entity loses anything, and no query breaks."}
        </p>
      )}
      <List
        title="Entities that would not fit"
        lines={failing.map(({ entity, path, rule }) => [
          `${entity} ${path} ${rule}`,
          <>
            <b className="font-medium">{entity}</b>{" "}
            <code className="font-mono text-[0.6875rem] text-muted">{path}</code>
          </>,
          words(rule),
        ])}
      />
      {failingCount > 0 && (
        <p className="text-meta text-muted">
          They keep their values, and must be put right when they are written the next time.
        </p>
      )}
      <List
        title="What queries rest on"
        lines={breaksGraphql.map(({ change, field }) => [
          `${change} ${field}`,
          <code key={field} className="font-mono text-code">
            {field}
          </code>,
          words(change),
        ])}
      />
      <List
        title="What refers to it and would break"
        lines={brokenReferences.map(({ kind, identifier, path }) => [
          `${kind} ${identifier} ${path}`,
          <>
            <b className="font-medium">{identifier}</b>{" "}
            <code className="font-mono text-[0.6875rem] text-muted">{path}</code>
          </>,
          words(kind),
        ])}
      />
    </div>
  );
}

function Figure({ title, value, tone }: { title: string; value: number; tone: "warn" | "bad" | undefined }) {
  return (
    <div className="flex flex-col-reverse bg-surface px-3 py-2">
      <dt className="text-meta text-muted">{title}</dt>
      <dd
        className={clsx("tnum font-semibold text-title", tone === "bad" && "text-bad", tone === "warn" && "text-warn")}
      >
        {number.format(value)}
      </dd>
    </div>
  );
}

function List({ title, lines }: { title: string; lines: Array<[key: string, what: ReactNode, word: string]> }) {
  if (lines.length === 0) return null;
  return (
    <section>
      <h4 className="mb-1 font-medium text-meta">{title}</h4>
      <ul className="max-h-44 overflow-y-auto rounded-md border border-line">
        {lines.slice(0, SOME).map(([key, what, word]) => (
          <li key={key} className="flex items-center gap-2 border-line border-b px-2.5 py-1 last:border-0">
            <span className="min-w-0 grow truncate">{what}</span>
            <span className="shrink-0 text-meta text-muted">{word}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** "FIELD_REMOVED" as "field removed". */
function words(code: string): string {
  return code.toLowerCase().replaceAll("_", " ");
}

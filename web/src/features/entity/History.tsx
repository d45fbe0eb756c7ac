import { useInfiniteQuery } from "@tanstack/react-query";
import { Pencil, Plus, Trash2 } from "lucide-react";
import { PropertyValue } from "@/entity-values/PropertyValue";
import { call } from "@/lib/api/call";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import type { Json } from "@/lib/json";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Card } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { SkeletonLines } from "@/ui/Skeleton";
import { changesBetween, type ValueChange } from "./changes";
import { EntityHistory, type EntityHistoryData } from "./entity.gql";

type Change = NonNullable<EntityHistoryData["entity"]>["history"]["nodes"][number];
const PAGE = 25;
const LOOK = {
  CREATED: { icon: Plus, word: "created it", tone: "text-ok" },
  UPDATED: { icon: Pencil, word: "changed it", tone: "text-info" },
  DELETED: { icon: Trash2, word: "deleted it", tone: "text-bad" },
} as const;

/** Each change: who, when, through what, and what was before and after. */
export function History({ blueprint, identifier }: { blueprint: BlueprintDefinition; identifier: string }) {
  const variables = { blueprint: blueprint.identifier, identifier, first: PAGE };
  const { data, isPending, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: [EntityHistory.name, variables],
    queryFn: ({ pageParam, signal }) => call(EntityHistory, { ...variables, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ entity }) => (entity?.history.hasNextPage ? entity.history.endCursor : null),
  });
  if (isPending) return <SkeletonLines count={6} label="Loading the history" />;
  if (error)
    return <ErrorPanel error={error} title="The history could not be loaded." onRetry={() => void refetch()} />;
  const changes = data.pages.flatMap((page) => page.entity?.history.nodes ?? []);
  return (
    <div className="flex flex-col gap-3">
      <ol className="flex flex-col gap-3">
        {changes.map((change) => (
          <ChangeCard key={change.event.seq} change={change} blueprint={blueprint} />
        ))}
      </ol>
      {hasNextPage && (
        <Button className="self-start" isBusy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Show earlier changes
        </Button>
      )}
    </div>
  );
}

function ChangeCard({ change, blueprint }: { change: Change; blueprint: BlueprintDefinition }) {
  const { icon: Icon, word, tone } = LOOK[change.kind];
  const { actor, origin, run, at } = change.event;
  const differences = changesBetween(change.before, change.after);
  return (
    <li>
      <Card className="overflow-hidden">
        <header className="flex min-h-9 flex-wrap items-center gap-2 px-3 py-1.5">
          <Icon aria-hidden className={`size-3.5 ${tone}`} />
          <span>
            <span className="font-medium">{actor}</span> {word}
          </span>
          {run && <Badge>run {run}</Badge>}
          {origin && <span className="max-w-80 truncate text-meta text-muted">through {origin}</span>}
          <RelativeTime at={at} className="ml-auto text-meta text-muted" />
        </header>
        {differences.length > 0 && (
          <dl className="border-line border-t">
            {differences.map((difference) => (
              <Difference
                key={`${difference.part} ${difference.name}`}
                change={difference}
                blueprint={blueprint}
                isCreation={change.kind === "CREATED"}
              />
            ))}
          </dl>
        )}
      </Card>
    </li>
  );
}

function Difference({
  change,
  blueprint,
  isCreation,
}: {
  change: ValueChange;
  blueprint: BlueprintDefinition;
  isCreation: boolean;
}) {
  const { part, name, before, after } = change;
  const property = part === "property" ? blueprint.properties.find((one) => one.identifier === name) : undefined;
  const relation = part === "relation" ? blueprint.relations.find((one) => one.identifier === name) : undefined;
  const title = property?.title ?? relation?.title ?? name;
  const look = property ?? {
    type: "string" as const,
    format: undefined,
    itemType: undefined,
    itemFormat: undefined,
    values: undefined,
    colors: {},
  };
  const show = (value: Json | undefined) => <PropertyValue value={value} property={look} isCompact />;
  return (
    <div className="grid min-h-8 grid-cols-[minmax(5rem,1fr)_minmax(0,3fr)] items-center gap-3 border-line/60 border-b px-3 py-1 last:border-0">
      <dt className="truncate text-muted" title={name}>
        {title}
      </dt>
      <dd className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
        {!isCreation && (
          <>
            <span className="min-w-0 max-w-full opacity-70">{show(before)}</span>
            <span className="text-muted">
              <span aria-hidden>→</span>
              <span className="sr-only">became</span>
            </span>
          </>
        )}
        <span className="min-w-0 max-w-full">{show(after)}</span>
      </dd>
    </div>
  );
}

import { ArrowDownLeft, ArrowUpRight, Unplug } from "lucide-react";
import { useState } from "react";
import { EntityLink } from "@/entity-values/EntityLink";
import { PropertyValue } from "@/entity-values/PropertyValue";
import { useApiQuery } from "@/lib/api/hooks";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { useModel } from "@/lib/blueprint/model";
import { asObject } from "@/lib/json";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Card } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { SkeletonLines } from "@/ui/Skeleton";
import { RelatedEntities } from "./entity.gql";

type Way = {
  key: string;
  title: string;
  relation: string;
  direction: "FORWARD" | "BACKWARD";
  /** Of what is at the other end. */
  other: BlueprintDefinition;
  /** The blueprint that holds a relation followed backward. */
  of: string | null;
};

const PAGE = 20;
const MOST = 500;

/** What the entity's relations lead to, both ways. */
export function Related({ blueprint, identifier }: { blueprint: BlueprintDefinition; identifier: string }) {
  const { model } = useModel();
  const forward = blueprint.relations.flatMap((relation): Way[] => {
    const other = model.get(relation.target);
    return other
      ? [
          {
            key: `> ${relation.identifier}`,
            title: relation.title,
            relation: relation.identifier,
            direction: "FORWARD",
            other,
            of: null,
          },
        ]
      : [];
  });
  const backward = model.pointingAt(blueprint.identifier).map(
    ({ blueprint: other, relation }): Way => ({
      key: `< ${other.identifier} ${relation.identifier}`,
      title: `${other.title} by ${relation.title}`,
      relation: relation.identifier,
      direction: "BACKWARD",
      other,
      of: other.identifier,
    }),
  );
  const ways = [...forward, ...backward];
  if (ways.length === 0) {
    return (
      <EmptyState icon={Unplug} title="Nothing is related">
        The blueprint {blueprint.title} has no relations, and none points at it.
      </EmptyState>
    );
  }
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      {ways.map((way) => (
        <WayCard key={way.key} way={way} blueprint={blueprint.identifier} identifier={identifier} />
      ))}
    </div>
  );
}

function WayCard({ way, blueprint, identifier }: { way: Way; blueprint: string; identifier: string }) {
  const [first, setFirst] = useState(PAGE);
  const { relation, direction, of, other, title } = way;
  const { data, isPending, error, refetch, isFetching } = useApiQuery(
    RelatedEntities,
    { blueprint, identifier, relation, direction, of, first },
    { keep: true },
  );
  const related = data?.entity?.related;
  const shown = other.properties
    .filter((one) => one.kind === "own" && (one.values || one.type === "boolean"))
    .slice(0, 2);
  const Icon = direction === "FORWARD" ? ArrowUpRight : ArrowDownLeft;
  return (
    <Card className="self-start overflow-hidden">
      <header className="flex h-10 items-center gap-2 border-line border-b px-3">
        <BlueprintIcon blueprint={other} size="sm" />
        <h2 className="min-w-0 truncate font-medium">{title}</h2>
        <Icon
          aria-label={direction === "FORWARD" ? "points there" : "points here"}
          className="size-3.5 shrink-0 text-muted"
        />
        <span className="tnum ml-auto text-meta text-muted">{related?.totalCount}</span>
      </header>
      {isPending && (
        <div className="p-3">
          <SkeletonLines count={2} label="Loading" />
        </div>
      )}
      {error && <ErrorPanel error={error} onRetry={() => void refetch()} className="m-3" />}
      {related?.totalCount === 0 && <p className="px-3 py-3 text-muted">None.</p>}
      {related && related.totalCount > 0 && (
        <ul>
          {related.nodes.map((node) => (
            <li key={node.id} className="flex h-9 items-center gap-3 border-line/70 border-b px-3 last:border-0">
              <span className="min-w-0 grow">
                <EntityLink blueprint={node.blueprint} identifier={node.identifier} />
              </span>
              {shown.map((property) => {
                const value = asObject(node.properties)[property.identifier];
                return value === undefined || value === null ? null : (
                  <PropertyValue key={property.identifier} value={value} property={property} isCompact />
                );
              })}
              <RelativeTime
                at={node.updatedAt}
                className="w-24 shrink-0 truncate text-right text-meta text-muted max-sm:hidden"
              />
            </li>
          ))}
        </ul>
      )}
      {related && related.totalCount > related.nodes.length && first < MOST && (
        <div className="border-line border-t px-2 py-1">
          <Button variant="ghost" isBusy={isFetching} onClick={() => setFirst(Math.min(MOST, first * 5))}>
            Show more of {related.totalCount}
          </Button>
        </div>
      )}
    </Card>
  );
}

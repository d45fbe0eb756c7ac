import { Link } from "@tanstack/react-router";
import { Layers } from "lucide-react";
import { useApiQuery } from "@/lib/api/hooks";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { isSystem, useModel } from "@/lib/blueprint/model";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Page, PageHeader, Section } from "@/ui/Page";
import { Skeleton, SkeletonLines } from "@/ui/Skeleton";
import { CatalogOverview } from "./catalog.gql";

const number = new Intl.NumberFormat("en");

/** Every blueprint, with how many entities it has. */
export function CatalogOverviewPage() {
  const { model, isPending, error, retry } = useModel();
  const counts = useApiQuery(CatalogOverview, {});
  const byIdentifier = new Map(counts.data?.blueprints.map((one) => [one.identifier, one]));
  const own = model.blueprints.filter((one) => !isSystem(one));
  const system = model.blueprints.filter(isSystem);
  const tiles = (blueprints: readonly BlueprintDefinition[]) => (
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(16rem,1fr))] gap-3">
      {blueprints.map((blueprint) => (
        <Tile
          key={blueprint.identifier}
          blueprint={blueprint}
          count={byIdentifier.get(blueprint.identifier)}
          isPending={counts.isPending}
        />
      ))}
    </ul>
  );
  return (
    <Page title="Catalog" header={<PageHeader title="Catalog" description="Everything there is, by its blueprint." />}>
      {isPending && <SkeletonLines count={6} label="Loading the blueprints" />}
      {error && <ErrorPanel error={error} title="The blueprints could not be loaded." onRetry={retry} />}
      {!isPending && !error && own.length === 0 && (
        <EmptyState icon={Layers} title="The catalog has no blueprints yet">
          A blueprint says what a kind of thing is like: its properties, and what it relates to. Entities follow.
        </EmptyState>
      )}
      {own.length > 0 && <Section title="Blueprints">{tiles(own)}</Section>}
      {system.length > 0 && <Section title="People">{tiles(system)}</Section>}
    </Page>
  );
}

type TileProps = {
  blueprint: BlueprintDefinition;
  count: { entityCount: number; invalidCount: number } | undefined;
  isPending: boolean;
};

function Tile({ blueprint, count, isPending }: TileProps) {
  const { identifier, title, description } = blueprint;
  return (
    <li className="group relative flex gap-3 rounded-lg border border-line bg-surface p-3 transition-colors hover:border-line-strong">
      <BlueprintIcon blueprint={blueprint} />
      <div className="min-w-0 grow">
        <Link
          to="/catalog/$blueprint"
          params={{ blueprint: identifier }}
          className="block truncate font-semibold after:absolute after:inset-0 after:rounded-lg group-hover:text-accent"
        >
          {title}
        </Link>
        <p className="truncate text-meta text-muted">{description ?? identifier}</p>
      </div>
      <div className="shrink-0 text-right">
        {count ? (
          <p className="tnum font-medium">{number.format(count.entityCount)}</p>
        ) : (
          isPending && <Skeleton className="h-4 w-8" />
        )}
        {count !== undefined && count.invalidCount > 0 && (
          <p className="text-meta text-warn">{number.format(count.invalidCount)} do not fit</p>
        )}
      </div>
    </li>
  );
}

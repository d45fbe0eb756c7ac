import { Link } from "@tanstack/react-router";
import { ChevronRight, Compass } from "lucide-react";
import { useEffect } from "react";
import { EntityDetails } from "@/entity-values/EntityDetails";
import { CodeBlock } from "@/entity-values/PropertyValue";
import { learnTitles } from "@/entity-values/titles";
import { useEntity, type WholeEntity } from "@/entity-values/useEntity";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { useModel } from "@/lib/blueprint/model";
import { rememberOpened } from "@/lib/recents";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { CopyButton } from "@/ui/CopyButton";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Card, Page, PageHeader } from "@/ui/Page";
import { RelativeTime } from "@/ui/RelativeTime";
import { SkeletonLines } from "@/ui/Skeleton";
import { Tabs } from "@/ui/Tabs";
import { EntityMenu } from "./EntityMenu";
import { History } from "./History";
import { Related } from "./Related";
import type { TabName } from "./tabs";

type EntityPageProps = { blueprint: string; identifier: string; tab: TabName; onTab: (tab: TabName) => void };

/** All about one entity. */
export function EntityPage({ blueprint: blueprintId, identifier, tab, onTab }: EntityPageProps) {
  const { model, isPending: isModelPending } = useModel();
  const { entity, isPending, error, retry } = useEntity(blueprintId, identifier);
  const blueprint = model.get(blueprintId);
  useEffect(() => {
    if (!entity) return;
    rememberOpened({ blueprint: entity.blueprint, identifier: entity.identifier, title: entity.title });
    learnTitles(entity.blueprint, [entity]);
  }, [entity]);
  if (blueprint && entity) return <Found blueprint={blueprint} entity={entity} tab={tab} onTab={onTab} />;
  return (
    <Page title={identifier}>
      {isPending || isModelPending ? (
        <SkeletonLines count={8} label="Loading the entity" />
      ) : error ? (
        <ErrorPanel error={error} title="The entity could not be loaded." onRetry={retry} />
      ) : (
        <EmptyState icon={Compass} title={`There is no ${blueprint?.title ?? blueprintId} "${identifier}"`}>
          It may have been renamed or deleted.
        </EmptyState>
      )}
    </Page>
  );
}

type FoundProps = { blueprint: BlueprintDefinition; entity: WholeEntity; tab: TabName; onTab: (tab: TabName) => void };

function Found({ blueprint, entity, tab, onTab }: FoundProps) {
  const { properties, computed, relations, team, ...rest } = entity;
  const { origins: _, ...stamps } = rest;
  const json = JSON.stringify({ ...stamps, team, properties, relations, computed }, null, 2);
  return (
    <Page
      title={entity.title || entity.identifier}
      header={
        <PageHeader
          above={
            <>
              <Link to="/catalog" className="hover:text-fg">
                Catalog
              </Link>
              <ChevronRight aria-hidden className="size-3" />
              <Link to="/catalog/$blueprint" params={{ blueprint: blueprint.identifier }} className="hover:text-fg">
                {blueprint.title}
              </Link>
            </>
          }
          icon={
            <BlueprintIcon
              blueprint={{ identifier: blueprint.identifier, icon: entity.icon ?? blueprint.icon }}
              size="lg"
            />
          }
          title={<span dir="auto">{entity.title || entity.identifier}</span>}
          description={
            <span className="flex flex-wrap items-center gap-x-3">
              <span className="inline-flex items-center gap-0.5">
                <code className="font-mono text-code">{entity.identifier}</code>
                <CopyButton text={entity.identifier} label="Copy the identifier" />
              </span>
              <span>
                updated <RelativeTime at={entity.updatedAt} /> by {entity.updatedBy}
              </span>
              {entity.source && <span>source {entity.source}</span>}
            </span>
          }
          actions={<EntityMenu blueprint={blueprint} entity={entity} />}
          className="border-b-0! bg-bg! pb-1!"
        />
      }
    >
      <Tabs
        label="About this entity"
        value={tab}
        onChange={onTab}
        className="-mt-4 sm:-mt-5"
        panelClassName="pt-4"
        tabs={[
          {
            value: "overview",
            label: "Overview",
            content: (
              <Card className="px-4 py-2">
                <EntityDetails blueprint={blueprint} entity={entity} isWide />
              </Card>
            ),
          },
          {
            value: "related",
            label: "Related",
            content: <Related blueprint={blueprint} identifier={entity.identifier} />,
          },
          {
            value: "history",
            label: "History",
            content: <History blueprint={blueprint} identifier={entity.identifier} />,
          },
          {
            value: "json",
            label: "JSON",
            content: (
              <div className="relative">
                <CopyButton text={json} label="Copy the JSON" className="absolute top-1.5 right-1.5" />
                <CodeBlock text={json} isTall />
              </div>
            ),
          },
        ]}
      />
    </Page>
  );
}

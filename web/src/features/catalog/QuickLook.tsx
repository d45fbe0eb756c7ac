import { Link } from "@tanstack/react-router";
import { Maximize2 } from "lucide-react";
import { EntityDetails } from "@/entity-values/EntityDetails";
import { useEntity } from "@/entity-values/useEntity";
import { hasCode } from "@/lib/api/error";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { buttonClass } from "@/ui/Button";
import { Drawer } from "@/ui/Drawer";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { SkeletonLines } from "@/ui/Skeleton";

type QuickLookProps = { blueprint: BlueprintDefinition; identifier: string | undefined; onClose: () => void };

/** An entity beside the table, which stays where it is. */
export function QuickLook({ blueprint, identifier, onClose }: QuickLookProps) {
  const { entity, isPending, error, retry } = useEntity(blueprint.identifier, identifier);
  return (
    <Drawer
      isOpen={identifier !== undefined}
      onClose={onClose}
      isBeside
      title={entity?.title || identifier}
      actions={
        identifier !== undefined && (
          <Link
            to="/entity/$blueprint/$identifier"
            params={{ blueprint: blueprint.identifier, identifier }}
            className={buttonClass({ variant: "ghost" })}
          >
            <Maximize2 aria-hidden className="size-3.5" />
            Open
          </Link>
        )
      }
    >
      <div className="p-4">
        {entity ? (
          <EntityDetails blueprint={blueprint} entity={entity} />
        ) : isPending ? (
          <SkeletonLines count={8} label="Loading the entity" />
        ) : error && !hasCode(error, "NOT_FOUND") ? (
          <ErrorPanel error={error} title="The entity could not be loaded." onRetry={retry} />
        ) : (
          <EmptyState title="This entity is gone">It was deleted or renamed.</EmptyState>
        )}
      </div>
    </Drawer>
  );
}

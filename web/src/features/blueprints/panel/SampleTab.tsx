import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { EntityPicker } from "@/entity-values/EntityPicker";
import { useApiQuery } from "@/lib/api/hooks";
import { CopyButton } from "@/ui/CopyButton";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Segmented } from "@/ui/Segmented";
import { SkeletonLines } from "@/ui/Skeleton";
import { SampleEntities, SampleEntity } from "../blueprints.gql";
import { useDesigner } from "../designer";
import { definitionOf } from "../draft/drafts";
import { sampleEntity } from "../sample";

const JsonEditor = lazy(() => import("@/code-editor/JsonEditor"));

/** An entity of the blueprint: made up after the draft, or one that is there. */
export function SampleTab({ identifier }: { identifier: string }) {
  const { server, drafts } = useDesigner();
  const isOnServer = server.get(identifier) !== undefined;
  const [source, setSource] = useState<"made" | "stored">("made");
  const definition = definitionOf(server, drafts, identifier);
  const made = JSON.stringify(sampleEntity(definition ?? {}), null, 2);
  return (
    <div className="flex flex-col">
      <div className="flex items-center gap-2 px-4 pt-3 pb-1">
        <Segmented
          label="Which entity"
          value={source}
          onChange={setSource}
          options={[
            { value: "made", label: "Made up" },
            { value: "stored", label: "From the catalog" },
          ]}
        />
        <span className="grow" />
        {source === "made" && <CopyButton text={made} label="Copy the entity" />}
      </div>
      {source === "made" ? (
        <>
          <p className="px-4 py-1 text-meta text-muted">As the draft has it: what can be written to an entity.</p>
          <Suspense>
            <JsonEditor label="A made-up entity" value={made} isReadOnly />
          </Suspense>
        </>
      ) : isOnServer ? (
        <Stored blueprint={identifier} />
      ) : (
        <EmptyState title="No entities yet">
          The blueprint is a draft; entities can be made when it is published.
        </EmptyState>
      )}
    </div>
  );
}

function Stored({ blueprint }: { blueprint: string }) {
  const first = useApiQuery(SampleEntities, { blueprint });
  const [chosen, setChosen] = useState<string>();
  const identifier = chosen ?? first.data?.entities.nodes[0]?.identifier;
  const found = useApiQuery(
    SampleEntity,
    { blueprint, identifier: identifier ?? "" },
    { enabled: identifier !== undefined, keep: true },
  );
  const error = first.error ?? found.error;
  if (error)
    return (
      <div className="p-4">
        <ErrorPanel error={error} title="The entity could not be loaded." onRetry={() => void found.refetch()} />
      </div>
    );
  if (first.data && identifier === undefined) {
    return <EmptyState title="No entities yet">Nothing of this blueprint is in the catalog.</EmptyState>;
  }
  if (!found.data)
    return (
      <div className="p-4">
        <SkeletonLines count={6} />
      </div>
    );
  return (
    <>
      <div className="flex items-center gap-2 px-4 py-1.5">
        <EntityPicker
          aria-label="Entity"
          blueprint={blueprint}
          isMany={false}
          value={identifier === undefined ? [] : [identifier]}
          onChange={([next]) => setChosen(next)}
        />
        {identifier !== undefined && (
          <Link
            to="/entity/$blueprint/$identifier"
            params={{ blueprint, identifier }}
            className="shrink-0 text-accent hover:underline"
          >
            Open
          </Link>
        )}
      </div>
      <Suspense>
        <JsonEditor label="An entity of the catalog" value={JSON.stringify(found.data.entity, null, 2)} isReadOnly />
      </Suspense>
    </>
  );
}

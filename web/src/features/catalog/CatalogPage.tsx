import { Compass } from "lucide-react";
import { useMemo } from "react";
import { isSystem, useModel } from "@/lib/blueprint/model";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Page } from "@/ui/Page";
import { SkeletonLines } from "@/ui/Skeleton";
import { CatalogTable } from "./CatalogTable";
import type { View } from "./view";

export type ChangeView = (change: Partial<View>, isNewStep?: boolean) => void;

/** The table of a blueprint's entities. */
export function CatalogPage({
  blueprint: identifier,
  view,
  onChange,
}: {
  blueprint: string;
  view: View;
  onChange: ChangeView;
}) {
  const { model, isPending, error, retry } = useModel();
  const blueprint = useMemo(() => model.get(identifier), [model, identifier]);
  if (blueprint)
    return <CatalogTable blueprint={blueprint} view={view} onChange={onChange} isSystem={isSystem(blueprint)} />;
  return (
    <Page title={identifier}>
      {isPending && <SkeletonLines count={8} label="Loading the table" />}
      {error && <ErrorPanel error={error} title="The table could not be loaded." onRetry={retry} />}
      {!isPending && !error && (
        <EmptyState icon={Compass} title={`There is no blueprint "${identifier}"`}>
          It may have been renamed or deleted.
        </EmptyState>
      )}
    </Page>
  );
}

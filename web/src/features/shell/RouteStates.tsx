import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { buttonClass } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { useTitle } from "@/ui/Page";
import { SkeletonLines } from "@/ui/Skeleton";

/** While a page is on its way. */
export function RoutePending() {
  return (
    <div className="p-6">
      <SkeletonLines count={5} label="Loading the page" />
    </div>
  );
}

/** A page that failed. The others go on working. */
export function RouteFailure({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  useTitle("Error");
  return (
    <div className="max-w-180 p-6">
      <ErrorPanel
        error={error}
        title="This page could not be shown."
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </div>
  );
}

export function NothingHere() {
  useTitle("Not found");
  return (
    <EmptyState
      icon={Compass}
      title="There is no such page"
      actions={
        <Link to="/catalog" className={buttonClass({ variant: "primary" })}>
          Go to the catalog
        </Link>
      }
    >
      The address may have a mistake, or what it leads to is gone.
    </EmptyState>
  );
}

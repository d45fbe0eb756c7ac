import { clsx } from "clsx";

/** Stands where something will be. Appears after 150 ms, so that what comes at once is not announced by a flash. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={clsx("shimmer appear-late block rounded-sm", className ?? "h-4 w-24")} />;
}

/** Lines of text to come. */
export function SkeletonLines({ count = 3, label = "Loading" }: { count?: number; label?: string }) {
  return (
    <div role="status" className="flex flex-col gap-2.5">
      <span className="sr-only">{label}</span>
      {Array.from({ length: count }, (_, line) => (
        <Skeleton key={line} className={clsx("h-4", ["w-3/4", "w-1/2", "w-2/3"][line % 3])} />
      ))}
    </div>
  );
}

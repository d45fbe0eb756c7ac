import { Progress as Base } from "@base-ui/react/progress";

/** How far something is. `max` may be unknown: then it only says that it goes on. */
export function Progress({ label, value, max }: { label: string; value: number; max: number | null }) {
  const share = max === null ? null : max === 0 ? 100 : Math.min(100, (value / max) * 100);
  return (
    <Base.Root value={share} aria-label={label}>
      <Base.Track className="block h-1.5 overflow-hidden rounded-full bg-pressed">
        <Base.Indicator className="block h-full rounded-full bg-accent transition-[width] duration-150 data-indeterminate:w-full data-indeterminate:animate-pulse" />
      </Base.Track>
    </Base.Root>
  );
}

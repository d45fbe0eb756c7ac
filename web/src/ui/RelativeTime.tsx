import { createStore, useStore } from "@/lib/store";
import { exactTime, parseDate, relativeTime } from "@/lib/time";
import { Tooltip } from "./Tooltip";

/** Moves once in 30 seconds while anybody looks. */
const now = createStore(new Date());
if (typeof window !== "undefined") {
  setInterval(() => {
    if (!document.hidden) now.set(new Date());
  }, 30_000);
}

/** When something was or will be, told from now; exactly on hover and focus. */
export function RelativeTime({ at, className }: { at: string; className?: string }) {
  const present = useStore(now);
  const date = parseDate(at);
  if (!date) return <span className={className}>{at}</span>;
  return (
    <Tooltip text={exactTime(date)}>
      <time dateTime={at} className={className}>
        {relativeTime(date, present)}
      </time>
    </Tooltip>
  );
}

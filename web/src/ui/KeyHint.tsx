import { keyLabels } from "@/lib/hotkeys";

/** Keys as they are on a keyboard. */
export function KeyHint({ keys }: { keys: string }) {
  return (
    <span aria-hidden className="inline-flex gap-0.5">
      {keyLabels(keys).map((label) => (
        <kbd
          key={label}
          className="inline-flex h-4 min-w-4 items-center justify-center rounded-sm border border-line bg-bg px-1 font-sans text-[0.6875rem] text-muted"
        >
          {label}
        </kbd>
      ))}
    </span>
  );
}

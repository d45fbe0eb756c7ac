import { clsx } from "clsx";
import { hueOf } from "./hue";

/** The initials of a person or a team. The name stands beside it. */
export function Avatar({ name, isTeam = false, className }: { name: string; isTeam?: boolean; className?: string }) {
  const words = name
    .replace(/@.*/, "")
    .split(/[\s._-]+/)
    .filter(Boolean);
  const initials = [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => [...(word ?? "")][0] ?? "")
    .join("");
  return (
    <span
      aria-hidden
      style={{ "--hue": `var(--chart-${hueOf(name)})` } as React.CSSProperties}
      className={clsx(
        "inline-flex size-5 shrink-0 select-none items-center justify-center bg-[color-mix(in_oklch,var(--hue)_18%,transparent)] font-semibold text-[0.5625rem] text-fg uppercase",
        isTeam ? "rounded-sm" : "rounded-full",
        className,
      )}
    >
      {initials}
    </span>
  );
}

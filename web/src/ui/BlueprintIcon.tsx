import { clsx } from "clsx";
import type { CSSProperties } from "react";
import { hueOf } from "./hue";
import { iconOf } from "./icons";

type BlueprintIconProps = {
  blueprint: { identifier: string; icon: string | null };
  size?: "sm" | "md" | "lg";
};

/** A blueprint's icon on a tint of its own colour. Its name stands beside it. */
export function BlueprintIcon({ blueprint, size = "md" }: BlueprintIconProps) {
  const Icon = iconOf(blueprint.icon, blueprint.identifier);
  return (
    <span
      aria-hidden
      style={{ "--hue": `var(--chart-${hueOf(blueprint.identifier)})` } as CSSProperties}
      className={clsx(
        "inline-flex shrink-0 items-center justify-center bg-[color-mix(in_oklch,var(--hue)_16%,transparent)] text-(--hue)",
        { sm: "size-5 rounded-sm", md: "size-7 rounded-md", lg: "size-9 rounded-lg" }[size],
      )}
    >
      <Icon className={{ sm: "size-3.5", md: "size-4", lg: "size-5" }[size]} />
    </span>
  );
}

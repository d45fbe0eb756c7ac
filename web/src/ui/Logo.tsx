import { clsx } from "clsx";

/** The compass rose of a portolan chart. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg aria-hidden viewBox="0 0 32 32" className={clsx("shrink-0", className)}>
      <rect width="32" height="32" rx="7" className="fill-accent" />
      <g className="fill-none stroke-accent-fg">
        <path
          strokeWidth="1.8"
          strokeLinejoin="round"
          d="M16 5.5 19.2 12.8 26.5 16 19.2 19.2 16 26.5 12.8 19.2 5.5 16 12.8 12.8Z"
        />
        <path opacity=".55" d="M16 5.5V26.5M5.5 16H26.5" />
      </g>
      <circle cx="16" cy="16" r="2" className="fill-accent-fg" />
    </svg>
  );
}

import { clsx } from "clsx";
import { type ReactNode, useState } from "react";
import { rememberedStore } from "@/lib/local";
import { useStore } from "@/lib/store";

const [LEAST, MOST, STEP] = [360, 860, 24];
const width = rememberedStore("portolan.blueprints.panel", 460);

function bounded(value: number): number {
  return Math.round(Math.min(MOST, Math.max(LEAST, value)));
}

/** A panel at the right whose edge can be dragged, or moved by the arrow keys. On narrow windows it covers the page. */
export function ResizablePanel({ children }: { children: ReactNode }) {
  const size = useStore(width);
  const [isDragging, setDragging] = useState(false);
  return (
    <>
      <div
        role="separator"
        tabIndex={0}
        aria-label="Width of the panel"
        aria-orientation="vertical"
        aria-valuenow={size}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        className={clsx(
          "relative z-10 hidden w-px shrink-0 cursor-col-resize bg-line outline-none before:absolute before:inset-y-0 before:-inset-x-1.5 hover:bg-accent focus-visible:bg-accent focus-visible:shadow-[0_0_0_1px_var(--accent)] md:block",
          isDragging && "bg-accent",
        )}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDragging(true);
        }}
        onPointerMove={(event) => {
          if (isDragging) width.set(bounded(window.innerWidth - event.clientX));
        }}
        onPointerUp={() => setDragging(false)}
        onKeyDown={(event) => {
          const by = { ArrowLeft: STEP, ArrowRight: -STEP }[event.key];
          if (by === undefined) return;
          event.preventDefault();
          width.set(bounded(size + by));
        }}
      />
      <div
        className="absolute inset-0 z-20 min-h-0 bg-surface md:static md:z-auto md:w-(--panel) md:shrink-0"
        style={{ "--panel": `min(${size}px, 60vw)` } as React.CSSProperties}
      >
        {children}
      </div>
    </>
  );
}

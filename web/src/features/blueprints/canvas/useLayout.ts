import { useEffect, useRef, useState } from "react";
import { layOut } from "@/graph/layout";
import { isWorthALayout, type Placed, pinned, rememberedLayout, rememberLayout, sizeOf } from "./place";
import type { Line, Shape } from "./shape";

/** Layouts that were made on this page, by key. */
const made = new Map<string, Placed>();

export type LaidOut = { placed: Placed | undefined; isBusy: boolean; error: unknown };

/** About as wide as a relation's title, in pixels. */
function labelWidth(label: string): number {
  return Math.min([...label].length * 6.2 + 10, 160);
}

/**
 * The layout of what is shown; the former one until the next is there. It is made when another key says that something
 * else is to be seen, and not with every edit: nodes do not run away from those who work on them.
 */
export function useLayout(key: string, shapes: readonly Shape[], lines: readonly Line[]): LaidOut {
  const [state, setState] = useState<LaidOut>(() => ({
    placed: made.get(key) ?? rememberedLayout(key),
    isBusy: false,
    error: undefined,
  }));
  const nodes = shapes.map(({ blueprint, width, height }) => ({ id: blueprint.identifier, width, height }));
  const latest = useRef({ key, nodes, lines });
  latest.current = { key, nodes, lines };
  const known = made.get(key) ?? rememberedLayout(key);
  const isNeeded = nodes.length > 0 && isWorthALayout(known, nodes, (id) => id in pinned.get());
  useEffect(() => {
    if (!isNeeded) {
      const found = made.get(key) ?? rememberedLayout(key);
      if (found) {
        made.set(key, found);
        setState({ placed: found, isBusy: false, error: undefined });
      }
      return;
    }
    const { nodes, lines } = latest.current;
    setState((present) => ({ ...present, isBusy: true }));
    const edges = lines.map(({ id, source, target, label }) => ({ id, source, target, labelWidth: labelWidth(label) }));
    layOut(nodes, edges).then(
      (layout) => {
        const placed = { ...layout, sizes: Object.fromEntries(nodes.map((node) => [node.id, sizeOf(node)])) };
        made.set(key, placed);
        rememberLayout(key, placed);
        if (latest.current.key === key) setState({ placed, isBusy: false, error: undefined });
      },
      (error: unknown) => setState((present) => ({ ...present, isBusy: false, error })),
    );
  }, [key, isNeeded]);
  return state;
}

/** Where nodes stand: this browser remembers it, in the tenant of the page. */
import type { Layout, Point } from "@/graph/layout";
import { recall, remember, rememberedStore } from "@/lib/local";
import { tenantSlug } from "@/lib/session/tenant";

const tenant = tenantSlug() ?? "";

/** Nodes that a person has moved; they stay where they were put. */
export const pinned = rememberedStore<Record<string, Point>>(`portolan.canvas.pinned.${tenant}`, {});

export type Folding = {
  /** Whether nodes show their properties; where nothing was chosen, as long as there are few. */
  areExpanded: boolean | undefined;
  /** Those that do it the other way round. */
  others: string[];
};

export const folding = rememberedStore<Folding>(`portolan.canvas.folding.${tenant}`, {
  areExpanded: undefined,
  others: [],
});

/** A layout, and how large nodes were then: where one has grown, routes to it are no longer right. */
export type Placed = Layout & { sizes: Record<string, string> };

const LAST = `portolan.canvas.layout.${tenant}`;
type Remembered = { key: string; placed: Placed };

/** The last layout, where the same was to be seen: the canvas is there at once. */
export function rememberedLayout(key: string): Placed | undefined {
  const found = recall<Remembered | undefined>(LAST, undefined);
  return found?.key === key ? found.placed : undefined;
}

export function rememberLayout(key: string, placed: Placed): void {
  remember(LAST, { key, placed } satisfies Remembered);
}

type Sized = { id: string; width: number; height: number };

export function sizeOf({ width, height }: { width: number; height: number }): string {
  return `${width}x${height}`;
}

/** So much of what is shown may be new before all is laid out anew. */
const FEW = 0.25;

export function isWorthALayout(
  placed: Placed | undefined,
  nodes: readonly Sized[],
  isPinned: (id: string) => boolean,
): boolean {
  if (!placed) return true;
  const missing = nodes.filter(({ id }) => !(id in placed.positions) && !isPinned(id)).length;
  return missing > nodes.length * FEW;
}

/** A place for everything: where it was put, where the layout has it, or in a row below all else. */
export function positionsOf(
  placed: Placed,
  pins: Readonly<Record<string, Point>>,
  nodes: readonly Sized[],
): Record<string, Point> {
  const found: Record<string, Point> = {};
  let bottom = 0;
  const left: Sized[] = [];
  for (const node of nodes) {
    const position = pins[node.id] ?? placed.positions[node.id];
    if (!position) left.push(node);
    else {
      found[node.id] = position;
      bottom = Math.max(bottom, position.y + node.height);
    }
  }
  let x = 0;
  for (const { id, width } of left) {
    found[id] = { x, y: bottom + 60 };
    x += width + 40;
  }
  return found;
}

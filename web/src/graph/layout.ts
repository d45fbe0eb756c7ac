/** Layered layout with orthogonal edge routes, by ELK in a worker: the page stays free meanwhile. */
import ELK, { type ElkNode } from "elkjs/lib/elk-api.js";
import workerUrl from "elkjs/lib/elk-worker.min.js?url";

export type Point = { x: number; y: number };
export type LayoutNode = { id: string; width: number; height: number };
export type LayoutEdge = { id: string; source: string; target: string; labelWidth: number };
export type Route = { points: Point[]; label: Point };
export type Layout = { positions: Record<string, Point>; routes: Record<string, Route> };

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.spacing.nodeNode": "28",
  "elk.spacing.edgeNode": "18",
  "elk.spacing.edgeEdge": "14",
  "elk.spacing.componentComponent": "48",
  "elk.layered.spacing.nodeNodeBetweenLayers": "64",
  "elk.layered.spacing.edgeNodeBetweenLayers": "20",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "14",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.edgeLabels.placement": "CENTER",
  "elk.aspectRatio": "1.6",
};
const LABEL_HEIGHT = 18;

let elk: InstanceType<typeof ELK> | undefined;

export async function layOut(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[]): Promise<Layout> {
  elk ??= new ELK({ workerUrl });
  const known = new Set(nodes.map(({ id }) => id));
  const graph = await elk.layout({
    id: "root",
    layoutOptions: OPTIONS,
    children: nodes.map(({ id, width, height }) => ({ id, width, height })),
    edges: edges
      .filter(({ source, target }) => known.has(source) && known.has(target))
      .map(({ id, source, target, labelWidth }) => ({
        id,
        sources: [source],
        targets: [target],
        labels: labelWidth > 0 ? [{ text: id, width: labelWidth, height: LABEL_HEIGHT }] : [],
      })),
  });
  return read(graph);
}

function read(graph: ElkNode): Layout {
  const positions = Object.fromEntries((graph.children ?? []).map(({ id, x = 0, y = 0 }) => [id, { x, y }]));
  const routes: Record<string, Route> = {};
  for (const { id, sections = [], labels = [] } of graph.edges ?? []) {
    const [section] = sections;
    if (!section) continue;
    const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
    const [label] = labels;
    routes[id] = {
      points,
      label: label
        ? { x: (label.x ?? 0) + (label.width ?? 0) / 2, y: (label.y ?? 0) + LABEL_HEIGHT / 2 }
        : middle(points),
    };
  }
  return { positions, routes };
}

function middle(points: readonly Point[]): Point {
  return points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
}

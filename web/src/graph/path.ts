/** Lines between nodes, drawn with rounded corners. */
import type { Point } from "./layout";

export type Box = { x: number; y: number; width: number; height: number };

const RADIUS = 6;

/** An SVG path along orthogonal points. */
export function pathThrough(points: readonly Point[], radius = RADIUS): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${first.x},${first.y}`;
  rest.forEach((corner, index) => {
    const before = points[index] as Point;
    const after = rest[index + 1];
    if (!after) {
      path += `L${corner.x},${corner.y}`;
      return;
    }
    const reach = Math.min(radius, distance(before, corner) / 2, distance(corner, after) / 2);
    const [from, to] = [towards(corner, before, reach), towards(corner, after, reach)];
    path += `L${from.x},${from.y}Q${corner.x},${corner.y} ${to.x},${to.y}`;
  });
  return path;
}

function distance(one: Point, other: Point): number {
  return Math.abs(one.x - other.x) + Math.abs(one.y - other.y);
}

function towards(from: Point, to: Point, by: number): Point {
  const whole = distance(from, to);
  if (whole === 0) return from;
  return { x: from.x + ((to.x - from.x) / whole) * by, y: from.y + ((to.y - from.y) / whole) * by };
}

/**
 * A way between two boxes where no layout has made one: out at the right, in at the left, with one corner in the middle;
 * by the sides or over top and bottom where the boxes stand otherwise.
 */
export function routeBetween(source: Box, target: Box): Point[] {
  const out = { x: source.x + source.width, y: source.y + source.height / 2 };
  const into = { x: target.x, y: target.y + target.height / 2 };
  const gap = 20;
  if (source === target || (source.x === target.x && source.y === target.y)) return loop(source);
  if (into.x - out.x >= gap) {
    const middle = (out.x + into.x) / 2;
    return [out, { x: middle, y: out.y }, { x: middle, y: into.y }, into];
  }
  if (source.x - (target.x + target.width) >= gap) {
    const left = { x: source.x, y: out.y };
    const right = { x: target.x + target.width, y: into.y };
    const middle = (left.x + right.x) / 2;
    return [left, { x: middle, y: left.y }, { x: middle, y: right.y }, right];
  }
  const isBelow = target.y >= source.y;
  const from = { x: source.x + source.width / 2, y: isBelow ? source.y + source.height : source.y };
  const to = { x: target.x + target.width / 2, y: isBelow ? target.y : target.y + target.height };
  const middle = (from.y + to.y) / 2;
  return [from, { x: from.x, y: middle }, { x: to.x, y: middle }, to];
}

function loop({ x, y, width }: Box): Point[] {
  const right = x + width;
  return [
    { x: right, y: y + 14 },
    { x: right + 24, y: y + 14 },
    { x: right + 24, y: y - 18 },
    { x: right - 28, y: y - 18 },
    { x: right - 28, y },
  ];
}

/** Where a label stands on a way: in the middle of its longest stretch. */
export function labelPoint(points: readonly Point[]): Point {
  let best = { x: points[0]?.x ?? 0, y: points[0]?.y ?? 0 };
  let longest = -1;
  points.slice(1).forEach((to, index) => {
    const from = points[index] as Point;
    const length = distance(from, to);
    if (length > longest) {
      longest = length;
      best = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    }
  });
  return best;
}

/** What the canvas shows of blueprints, and how large: known before anything is drawn, so that it can be laid out. */
import type { BlueprintDefinition, Model, PropertyDefinition } from "@/lib/blueprint/definition";
import { isSame } from "@/lib/json";
import type { Drafts } from "../draft/drafts";

export type NodeState = "same" | "new" | "changed";
export type Shape = {
  blueprint: BlueprintDefinition;
  rows: PropertyDefinition[];
  more: number;
  isExpanded: boolean;
  width: number;
  height: number;
};
export type Line = {
  id: string;
  source: string;
  target: string;
  relation: string;
  label: string;
  isMany: boolean;
  isRequired: boolean;
  isNew: boolean;
};

/** Properties that an expanded node shows; the others are counted. */
const MOST_ROWS = 8;
const HEAD = 44;
const COUNTS = 20;
const ROW = 22;
const PADDING = 8;

/** By a blueprint's definition, so that what did not change is not drawn again. */
const cache = new WeakMap<object, [expanded?: Shape, collapsed?: Shape]>();

export function shapeOf(blueprint: BlueprintDefinition, isExpanded: boolean): Shape {
  const known = cache.get(blueprint.json) ?? [];
  const index = isExpanded ? 0 : 1;
  const found = known[index] ?? measure(blueprint, isExpanded);
  known[index] = found;
  cache.set(blueprint.json, known);
  return found;
}

function measure(blueprint: BlueprintDefinition, wantsRows: boolean): Shape {
  const isExpanded = wantsRows && blueprint.properties.length > 0;
  const isCut = blueprint.properties.length > MOST_ROWS + 1;
  const rows = isExpanded ? blueprint.properties.slice(0, isCut ? MOST_ROWS : MOST_ROWS + 1) : [];
  const more = isExpanded ? blueprint.properties.length - rows.length : 0;
  const near = widthOf(blueprint.title, 7.6) + 104;
  // From afar the title stands there alone, large; two lines are enough for most.
  const far = Math.min(widthOf(blueprint.title, 13.5) + 76, 300);
  const widest = Math.max(
    0,
    ...rows.map((row) => Math.min(widthOf(row.title, 6.6), 150) + widthOf(typeWord(row), 6.4) + 64),
  );
  const width = Math.round(Math.min(320, Math.max(184, near, far, widest)));
  const height = HEAD + (isExpanded ? rows.length * ROW + (more > 0 ? ROW : 0) + PADDING : COUNTS);
  return { blueprint, rows, more, isExpanded, width, height };
}

/** About how wide a text is, by the width of its mean character. */
function widthOf(text: string, each: number): number {
  return [...text].length * each;
}

/** A property's type in a word or two. */
export function typeWord({ kind, type, format, itemType, itemFormat, values }: PropertyDefinition): string {
  if (kind !== "own") return kind;
  if (type === "array") return (itemFormat ?? itemType) ? `${itemFormat ?? itemType}[]` : "list";
  if (values) return "choice";
  return format ?? (type === "string" ? "text" : type);
}

export function linesOf(blueprints: readonly BlueprintDefinition[], server: Model): Line[] {
  const known = new Set(blueprints.map(({ identifier }) => identifier));
  return blueprints.flatMap((blueprint) =>
    blueprint.relations
      .filter(({ target }) => known.has(target))
      .map(({ identifier, title, target, isMany, isRequired }) => ({
        id: lineId(blueprint.identifier, identifier),
        source: blueprint.identifier,
        target,
        relation: identifier,
        label: title,
        isMany,
        isRequired,
        isNew: !server.get(blueprint.identifier)?.relations.some((one) => one.identifier === identifier),
      })),
  );
}

export function lineId(blueprint: string, relation: string): string {
  return `${blueprint} ${relation}`;
}

export function stateOf(identifier: string, drafts: Drafts): NodeState {
  const draft = drafts[identifier];
  if (!draft) return "same";
  return draft.base === null ? "new" : isSame(draft.base, draft.definition) ? "same" : "changed";
}

/** A blueprint and those that a relation joins it with, either way. */
export function neighboursOf(model: Model, identifier: string): Set<string> {
  const targets = model.get(identifier)?.relations.map(({ target }) => target) ?? [];
  return new Set([
    identifier,
    ...targets,
    ...model.pointingAt(identifier).map(({ blueprint }) => blueprint.identifier),
  ]);
}

/** So many are shown at first. */
export const MOST_NODES = 150;

/** What is shown: all, or those nearest to the middle of things, or a blueprint and its neighbours. */
export function visible(
  model: Model,
  drafts: Drafts,
  { near, areAllWanted }: { near: string | undefined; areAllWanted: boolean },
): { shown: BlueprintDefinition[]; hidden: number } {
  if (near !== undefined && model.get(near)) {
    const around = neighboursOf(model, near);
    return { shown: model.blueprints.filter(({ identifier }) => around.has(identifier)), hidden: 0 };
  }
  const all = [...model.blueprints];
  if (areAllWanted || all.length <= MOST_NODES) return { shown: all, hidden: 0 };
  const degrees = new Map(
    all.map(({ identifier, relations }) => [identifier, relations.length + (identifier in drafts ? 1_000 : 0)]),
  );
  for (const { relations } of all)
    for (const { target } of relations) degrees.set(target, (degrees.get(target) ?? 0) + 1);
  const best = all
    .sort((one, other) => (degrees.get(other.identifier) ?? 0) - (degrees.get(one.identifier) ?? 0))
    .slice(0, MOST_NODES);
  return { shown: best, hidden: model.blueprints.length - best.length };
}

/** Rows under the groups that they belong to, as one long list: headers, and rows of the groups that are open. */
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import type { Json } from "@/lib/json";
import { both, type Group, type Rule } from "@/rules/rule";

/** A group by its values, from the outside in. */
export type GroupPath = readonly Json[];
export type GroupCount = { value: Json; count: number };

export type GroupHeader = {
  isGroup: true;
  key: string;
  path: GroupPath;
  /** The property that the last value of the path is of. */
  property: string;
  value: Json;
  count: number;
  isOpen: boolean;
};

/** A stretch of the list. */
export type Stretch = { start: number; count: number } & (
  | { kind: "header"; header: GroupHeader }
  | { kind: "rows"; path: GroupPath }
  /** Groups that are on their way. */
  | { kind: "pending" }
);

export function pathKey(path: GroupPath): string {
  return JSON.stringify(path);
}

/** What entities of a group have in common, beside what is asked of all. */
export function rulesOfGroup(
  blueprint: BlueprintDefinition,
  rules: Group | undefined,
  groupBy: readonly string[],
  path: GroupPath,
): Group | undefined {
  const own = path.map((value, depth) => ruleOf(blueprint, groupBy[depth] ?? "", value));
  return both(rules, own.length > 0 ? { combinator: "and", rules: own } : undefined);
}

function ruleOf(blueprint: BlueprintDefinition, property: string, value: Json): Rule {
  if (value === null) return { property, operator: "isEmpty" };
  const isList =
    property === "$team" || blueprint.properties.some((one) => one.identifier === property && one.type === "array");
  return isList ? { property, operator: "containsAny", value: [value] } : { property, operator: "=", value };
}

/** The list of all groups below a path, as far as they are open. `groupsOf` answers undefined for those on their way. */
export function flatten(
  groupBy: readonly string[],
  opened: ReadonlySet<string>,
  groupsOf: (path: GroupPath) => readonly GroupCount[] | undefined,
): Stretch[] {
  const stretches: Stretch[] = [];
  let start = 0;
  const walk = (path: GroupPath) => {
    const groups = groupsOf(path);
    if (!groups) {
      stretches.push({ kind: "pending", start, count: 3 });
      start += 3;
      return;
    }
    for (const { value, count } of groups) {
      const inner = [...path, value];
      const key = pathKey(inner);
      const isOpen = opened.has(key);
      const property = groupBy[path.length] ?? "";
      stretches.push({
        kind: "header",
        start,
        count: 1,
        header: { isGroup: true, key, path: inner, property, value, count, isOpen },
      });
      start += 1;
      if (!isOpen) continue;
      if (inner.length < groupBy.length) walk(inner);
      else {
        stretches.push({ kind: "rows", start, count, path: inner });
        start += count;
      }
    }
  };
  walk([]);
  return stretches;
}

/** The stretch that has a place in the list. */
export function stretchAt(stretches: readonly Stretch[], index: number): Stretch | undefined {
  let [low, high] = [0, stretches.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const stretch = stretches[middle];
    if (!stretch) return undefined;
    if (index < stretch.start) high = middle - 1;
    else if (index >= stretch.start + stretch.count) low = middle + 1;
    else return stretch;
  }
  return undefined;
}

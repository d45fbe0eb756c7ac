/** Two changes of one definition laid together: what only one of them touched is taken, the rest is a conflict. */
import { isSame, type Json, type JsonObject } from "@/lib/json";
import { valueAt, withValueAt } from "./definition";

/** Both changed the same place, each in another way. `undefined` stands for "not there". */
export type Conflict = { keys: string[]; base: Json | undefined; mine: Json | undefined; theirs: Json | undefined };
export type Merged = { merged: JsonObject; conflicts: Conflict[] };

/** At a conflict the merged definition has mine. */
export function merge(base: JsonObject, mine: JsonObject, theirs: JsonObject): Merged {
  const conflicts: Conflict[] = [];
  const merged = mergeObjects(base, mine, theirs, [], conflicts);
  return { merged, conflicts };
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function mergeObjects(
  base: JsonObject,
  mine: JsonObject,
  theirs: JsonObject,
  keys: string[],
  conflicts: Conflict[],
): JsonObject {
  const names = [...Object.keys(mine), ...Object.keys(theirs).filter((key) => !(key in mine))];
  const entries = names.flatMap((name): Array<[string, Json]> => {
    const value = mergeValues(base[name], mine[name], theirs[name], [...keys, name], conflicts);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}

function mergeValues(
  base: Json | undefined,
  mine: Json | undefined,
  theirs: Json | undefined,
  keys: string[],
  conflicts: Conflict[],
): Json | undefined {
  if (isSame(mine, theirs) || isSame(base, theirs)) return mine;
  if (isSame(base, mine)) return theirs;
  // What both made anew is laid together, too, as if it had begun empty.
  if (isObject(mine) && isObject(theirs))
    return mergeObjects(isObject(base) ? base : {}, mine, theirs, keys, conflicts);
  const lists = [base ?? [], mine, theirs];
  if (lists.every(isSet)) return mergeSets(...(lists as [string[], string[], string[]]));
  conflicts.push({ keys, base, mine, theirs });
  return mine;
}

/** Lists of different texts, where the order says nothing: required properties, allowed values. */
function isSet(value: Json | undefined): value is string[] {
  return (
    Array.isArray(value) && value.every((item) => typeof item === "string") && new Set(value).size === value.length
  );
}

function mergeSets(base: string[], mine: string[], theirs: string[]): string[] {
  const isGone = (item: string) => base.includes(item) && !(mine.includes(item) && theirs.includes(item));
  return [...mine, ...theirs.filter((item) => !mine.includes(item))].filter((item) => !isGone(item));
}

/** The merged definition with theirs at some of the conflicts. */
export function withTheirs(merged: JsonObject, conflicts: readonly Conflict[]): JsonObject {
  return conflicts.reduce((json, { keys, theirs }) => withValueAt(json, keys, theirs), merged);
}

/** Whether the definition has mine at a conflict. */
export function hasMine(json: JsonObject, { keys, mine }: Conflict): boolean {
  return isSame(valueAt(json, keys), mine);
}

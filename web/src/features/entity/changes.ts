/** What differs between two states of an entity. */
import { asObject, isSame, type Json } from "@/lib/json";

export type ValueChange = {
  part: "property" | "relation" | "field";
  name: string;
  before: Json | undefined;
  after: Json | undefined;
};

const FIELDS = ["identifier", "title", "icon", "team"];

export function changesBetween(before: Json, after: Json): ValueChange[] {
  const [one, other] = [asObject(before), asObject(after)];
  const fields = FIELDS.map((name): ValueChange => ({ part: "field", name, before: one[name], after: other[name] }));
  const parts = (["properties", "relations"] as const).flatMap((part) => {
    const [from, to] = [asObject(one[part]), asObject(other[part])];
    const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
    return names.map(
      (name): ValueChange => ({
        part: part === "properties" ? "property" : "relation",
        name,
        before: from[name],
        after: to[name],
      }),
    );
  });
  return [...fields, ...parts].filter(
    (change) =>
      !isSame(change.before ?? null, change.after ?? null) && !(isNothing(change.before) && isNothing(change.after)),
  );
}

function isNothing(value: Json | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

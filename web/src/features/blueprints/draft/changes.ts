/** What a draft changes, in words. */
import { asObject, asText, isSame, type Json, type JsonObject } from "@/lib/json";
import { PART_KINDS, type PartKind, partPointer, partsOf, requiredOf } from "./definition";

export type Change = {
  kind: "added" | "removed" | "changed";
  /** "Property", "Relation", "Title"… */
  what: string;
  /** The part's title or identifier; empty for texts of the blueprint itself. */
  name: string;
  /** Which of its keys differ. */
  detail: string;
  pointer: string;
};

const WORDS: Record<PartKind, string> = {
  property: "Property",
  relation: "Relation",
  mirror: "Mirror",
  calculation: "Calculation",
  aggregation: "Aggregation",
};
/** Keys whose parts are told one by one. */
const IN_PARTS = ["schema", "relations", "mirrorProperties", "calculationProperties", "aggregationProperties"];

export function changesOf(base: JsonObject | null, definition: JsonObject): Change[] {
  const before = base ?? {};
  return [...textChanges(before, definition), ...PART_KINDS.flatMap((kind) => partChanges(before, definition, kind))];
}

function textChanges(before: JsonObject, after: JsonObject): Change[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => !IN_PARTS.includes(key) && key !== "identifier",
  );
  return keys.flatMap((key): Change[] => {
    if (isSame(before[key], after[key])) return [];
    const kind = before[key] === undefined ? "added" : after[key] === undefined ? "removed" : "changed";
    return [{ kind, what: sentence(key), name: "", detail: shown(after[key]), pointer: `/${key}` }];
  });
}

function partChanges(before: JsonObject, after: JsonObject, kind: PartKind): Change[] {
  const [old, now] = [partsOf(before, kind), partsOf(after, kind)];
  const [wasRequired, isRequired] = [requiredOf(before), requiredOf(after)];
  const keys = [...Object.keys(now), ...Object.keys(old).filter((key) => !(key in now))];
  return keys.flatMap((key): Change[] => {
    const common = { what: WORDS[kind], pointer: partPointer({ kind, identifier: key }) };
    const [one, other] = [asObject(old[key]), asObject(now[key])];
    const name = asText(other.title) || asText(one.title) || key;
    if (!(key in old))
      return [{ ...common, kind: "added", name, detail: describePart(other, kind, isRequired.includes(key)) }];
    if (!(key in now)) return [{ ...common, kind: "removed", name, detail: "" }];
    const differing = [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
      (field) => !isSame(one[field], other[field]),
    );
    const details = differing.map((field) =>
      typeof other[field] === "boolean" ? `${other[field] ? "" : "not "}${field}` : sentence(field).toLowerCase(),
    );
    if (kind === "property" && wasRequired.includes(key) !== isRequired.includes(key)) {
      details.push(isRequired.includes(key) ? "required" : "not required");
    }
    return details.length > 0 ? [{ ...common, kind: "changed", name, detail: details.join(", ") }] : [];
  });
}

function describePart(part: JsonObject, kind: PartKind, isRequired: boolean): string {
  if (kind === "relation") {
    return [
      `to ${asText(part.target) ?? "?"}`,
      part.many === true ? "many" : "",
      part.required === true ? "required" : "",
    ]
      .filter(Boolean)
      .join(", ");
  }
  if (kind === "mirror") return asText(part.path) ?? "";
  if (kind === "calculation") return asText(part.calculation) ?? "";
  if (kind === "aggregation") return `of ${asText(part.target) ?? "?"}`;
  return [asText(part.format) ?? asText(part.type) ?? "", isRequired ? "required" : ""].filter(Boolean).join(", ");
}

function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** "calculationSpec" as "Calculation spec". */
function sentence(key: string): string {
  const words = key.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

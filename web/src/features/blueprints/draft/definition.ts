/** A blueprint's definition as it is edited: plain JSON, changed without changing the old one. */
import { asList, asObject, asText, type Json, type JsonObject } from "@/lib/json";

/** Set by the server; no part of what is edited. */
const SERVER_SET = ["id", "createdAt", "updatedAt", "createdBy", "updatedBy"];

/** The parts of a definition that hold things by identifier. */
export const PARTS = {
  property: ["schema", "properties"],
  relation: ["relations"],
  mirror: ["mirrorProperties"],
  calculation: ["calculationProperties"],
  aggregation: ["aggregationProperties"],
} as const satisfies Record<string, readonly string[]>;

export type PartKind = keyof typeof PARTS;
export const PART_KINDS = Object.keys(PARTS) as PartKind[];

/** One property or relation of a definition. */
export type Part = { kind: PartKind; identifier: string };

export function editable(json: Json): JsonObject {
  return Object.fromEntries(Object.entries(asObject(json)).filter(([key]) => !SERVER_SET.includes(key)));
}

export function emptyDefinition(identifier: string, title: string, icon?: string): JsonObject {
  return { identifier, title, ...(icon ? { icon } : {}), schema: { properties: {}, required: [] }, relations: {} };
}

export function valueAt(json: Json | undefined, keys: readonly string[]): Json | undefined {
  return keys.reduce<Json | undefined>(
    (value, key) => (Array.isArray(value) ? value[Number(key)] : asObject(value)[key]),
    json,
  );
}

/** The same with another value at a place; `undefined` takes it away. Objects on the way are made. */
export function withValueAt(json: JsonObject, keys: readonly string[], value: Json | undefined): JsonObject {
  const [key, ...rest] = keys;
  if (key === undefined) return asObject(value);
  if (rest.length > 0) return { ...json, [key]: withValueAt(asObject(json[key]), rest, value) };
  if (value !== undefined) return { ...json, [key]: value };
  const { [key]: _, ...others } = json;
  return others;
}

export function partsOf(definition: JsonObject, kind: PartKind): JsonObject {
  return asObject(valueAt(definition, PARTS[kind]));
}

export function partOf(definition: JsonObject, { kind, identifier }: Part): JsonObject | undefined {
  const parts = partsOf(definition, kind);
  return identifier in parts ? asObject(parts[identifier]) : undefined;
}

export function withPart(definition: JsonObject, { kind, identifier }: Part, part: JsonObject): JsonObject {
  return withValueAt(definition, [...PARTS[kind], identifier], part);
}

/** Without a part, and without its name among the required properties. */
export function withoutPart(definition: JsonObject, { kind, identifier }: Part): JsonObject {
  const rest = withValueAt(definition, [...PARTS[kind], identifier], undefined);
  return kind === "property" ? withRequired(rest, identifier, false) : rest;
}

export function requiredOf(definition: JsonObject): string[] {
  return asList(asObject(definition.schema).required).filter((name): name is string => typeof name === "string");
}

export function withRequired(definition: JsonObject, property: string, isRequired: boolean): JsonObject {
  const required = requiredOf(definition);
  if (required.includes(property) === isRequired) return definition;
  const next = isRequired ? [...required, property] : required.filter((name) => name !== property);
  return withValueAt(definition, ["schema", "required"], next);
}

/** Every identifier that a property or relation has already. */
export function takenNames(definition: JsonObject): Set<string> {
  return new Set(PART_KINDS.flatMap((kind) => Object.keys(partsOf(definition, kind))));
}

/** A part under another identifier, at the same place; what names it in the same definition follows. */
export function withRenamedPart(definition: JsonObject, part: Part, to: string): JsonObject {
  const { kind, identifier } = part;
  const entries = Object.entries(partsOf(definition, kind)).map(([key, value]) => [
    key === identifier ? to : key,
    value,
  ]);
  let next = withValueAt(definition, PARTS[kind], Object.fromEntries(entries));
  if (kind === "property") {
    const required = requiredOf(next);
    if (required.includes(identifier)) {
      next = withValueAt(
        next,
        ["schema", "required"],
        required.map((name) => (name === identifier ? to : name)),
      );
    }
  }
  if (kind === "relation") {
    for (const [name, mirror] of Object.entries(partsOf(next, "mirror"))) {
      const path = asText(asObject(mirror).path)?.split(".");
      if (path?.[0] === identifier) {
        next = withPart(
          next,
          { kind: "mirror", identifier: name },
          { ...asObject(mirror), path: [to, ...path.slice(1)].join(".") },
        );
      }
    }
    const path = asText(asObject(next.ownership).path)?.split(".");
    if (path?.[0] === identifier) next = withValueAt(next, ["ownership", "path"], [to, ...path.slice(1)].join("."));
  }
  return next;
}

/** Its JSON Pointer in the definition. */
export function partPointer({ kind, identifier }: Part): string {
  return [...PARTS[kind], identifier].map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The part that a place of the definition is in. */
export function partAt(keys: readonly string[]): Part | undefined {
  for (const kind of PART_KINDS) {
    const path = PARTS[kind];
    const identifier = keys[path.length];
    if (identifier !== undefined && path.every((key, index) => keys[index] === key)) return { kind, identifier };
  }
  return undefined;
}

/** An identifier made of a title: "Open issues" → "openIssues". Blueprints' are written in small letters, with `_`. */
export function identifierFor(title: string, isBlueprint = false): string {
  const words = title
    .normalize("NFD")
    .replace(/[\u0300-\u036f]/g, "")
    .split(/[^\p{L}0-9]+/u)
    .filter(Boolean);
  if (isBlueprint)
    return words
      .map((word) => word.toLowerCase())
      .join("_")
      .slice(0, 100);
  const ascii = words.map((word) => word.replace(/[^A-Za-z0-9]/g, "")).filter(Boolean);
  return ascii
    .map((word, index) => {
      const rest =
        word === word.toUpperCase() && word.length > 1 && index === 0 ? word.slice(1).toLowerCase() : word.slice(1);
      return (index === 0 ? word.slice(0, 1).toLowerCase() : word.slice(0, 1).toUpperCase()) + rest;
    })
    .join("")
    .slice(0, 100);
}

const BLUEPRINT_IDENTIFIER = /^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/-]{1,100}$/u;
const PART_IDENTIFIER = /^[A-Za-z0-9@_=\\-]{1,100}$/;

/** What is wrong with an identifier. The server decides; this tells sooner. */
export function identifierProblem(
  identifier: string,
  taken: ReadonlySet<string>,
  isBlueprint = false,
): string | undefined {
  if (identifier === "") return "An identifier is needed.";
  if (isBlueprint && identifier.startsWith("_")) return "Identifiers that begin with _ belong to the system.";
  if (!(isBlueprint ? BLUEPRINT_IDENTIFIER : PART_IDENTIFIER).test(identifier)) {
    return isBlueprint
      ? "Up to 100 letters, digits and @ _ . + : \\ / - are allowed."
      : "Up to 100 letters from A to Z, digits and @ _ = \\ - are allowed.";
  }
  return taken.has(identifier) ? `"${identifier}" is taken.` : undefined;
}

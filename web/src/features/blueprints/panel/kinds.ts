/** The kinds of property that people choose from, and what each is in the definition. */
import { asObject, asText, type JsonObject } from "@/lib/json";

export type PropertyKind = {
  id: string;
  label: string;
  hint?: string;
  type: "string" | "number" | "boolean" | "object" | "array";
  format?: string;
  spec?: string;
  hasChoices?: boolean;
};

export const KINDS: readonly PropertyKind[] = [
  { id: "text", label: "Text", type: "string" },
  { id: "choice", label: "Choice", hint: "One of a few values, with colours", type: "string", hasChoices: true },
  { id: "number", label: "Number", type: "number" },
  { id: "numberChoice", label: "Number choice", hint: "One of a few numbers", type: "number", hasChoices: true },
  { id: "boolean", label: "Yes or no", type: "boolean" },
  { id: "date-time", label: "Date and time", type: "string", format: "date-time" },
  { id: "timer", label: "Timer", hint: "A time at which it expires", type: "string", format: "timer" },
  { id: "url", label: "URL", type: "string", format: "url" },
  { id: "labeled-url", label: "URL with a label", type: "object", format: "labeled-url" },
  { id: "email", label: "E-mail", type: "string", format: "email" },
  { id: "idn-email", label: "E-mail, international", type: "string", format: "idn-email" },
  { id: "user", label: "Person", hint: "A user of the catalog", type: "string", format: "user" },
  { id: "team", label: "Team", type: "string", format: "team" },
  { id: "markdown", label: "Markdown", type: "string", format: "markdown" },
  { id: "yaml", label: "YAML", type: "string", format: "yaml" },
  { id: "proto", label: "Protocol Buffers", type: "string", format: "proto" },
  { id: "array", label: "List", type: "array" },
  { id: "object", label: "Object", hint: "Any JSON object", type: "object" },
  { id: "open-api", label: "OpenAPI", hint: "A specification, as an object", type: "object", spec: "open-api" },
  { id: "async-api", label: "AsyncAPI", hint: "A specification, as an object", type: "object", spec: "async-api" },
  {
    id: "embedded-url",
    label: "Embedded page",
    hint: "A page that is shown within this one",
    type: "string",
    format: "url",
    spec: "embedded-url",
  },
  { id: "ipv4", label: "IPv4 address", type: "string", format: "ipv4" },
  { id: "ipv6", label: "IPv6 address", type: "string", format: "ipv6" },
  { id: "blueprints", label: "Blueprint", hint: "Identifier of a blueprint", type: "string", format: "blueprints" },
];

/** What lists and calculations can consist of. */
export const ITEM_KINDS = KINDS.filter(({ type, spec, id }) => type !== "array" && !spec && id !== "numberChoice");

/** The kind that a definition is of; that of its type where nothing fits better. */
export function kindOf(part: JsonObject): PropertyKind {
  const type = asText(part.type) ?? "string";
  const format = asText(part.format);
  const spec = asText(part.spec);
  const hasChoices = Array.isArray(part.enum);
  const fits = KINDS.filter((kind) => kind.type === type);
  return (
    fits.find((kind) => kind.format === format && kind.spec === spec && Boolean(kind.hasChoices) === hasChoices) ??
    fits.find((kind) => kind.format === format && kind.spec === spec) ??
    fits.find((kind) => kind.format === format) ??
    fits[0] ??
    (KINDS[0] as PropertyKind)
  );
}

/** Keywords that make sense for one type of value alone. */
const BOUND: Record<PropertyKind["type"], readonly string[]> = {
  string: ["minLength", "maxLength", "pattern"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
  boolean: [],
  object: ["properties"],
  array: ["items", "minItems", "maxItems", "uniqueItems"],
};

/** The same part as another kind: what makes no sense there is gone, all else stays. */
export function withKind(part: JsonObject, kind: PropertyKind): JsonObject {
  const type = asText(part.type);
  const isOtherType = type !== kind.type;
  const gone = new Set(["type", "format", "spec"]);
  if (isOtherType) {
    for (const key of [...Object.values(BOUND).flat(), "default", "enum", "enumColors"])
      if (!BOUND[kind.type].includes(key)) gone.add(key);
  }
  if (!kind.hasChoices) for (const key of ["enum", "enumColors"]) gone.add(key);
  if (kind.spec !== "embedded-url") gone.add("specAuthentication");
  const rest = Object.fromEntries(Object.entries(part).filter(([key]) => !gone.has(key)));
  const { title, ...others } = rest;
  return {
    ...(title === undefined ? {} : { title }),
    type: kind.type,
    ...(kind.format ? { format: kind.format } : {}),
    ...(kind.spec ? { spec: kind.spec } : {}),
    ...(kind.hasChoices && !Array.isArray(others.enum)
      ? { enum: kind.type === "number" ? [1, 2] : ["first", "second"] }
      : {}),
    ...(kind.type === "array" && !others.items ? { items: { type: "string" } } : {}),
    ...others,
  };
}

/** A list's items of another kind. */
export function withItemKind(part: JsonObject, kind: PropertyKind): JsonObject {
  const items = withKind(asObject(part.items), kind);
  return { ...part, items };
}

/** Port's names of colours. */
export const COLORS = [
  "blue",
  "turquoise",
  "orange",
  "purple",
  "pink",
  "yellow",
  "green",
  "red",
  "gold",
  "silver",
  "bronze",
  "paleBlue",
  "darkGray",
  "lightGray",
  "lime",
  "olive",
  "brown",
] as const;

/** An entity as it could be, made of a definition alone. */
import { asList, asObject, asText, type Json, type JsonObject } from "@/lib/json";
import { partsOf } from "./draft/definition";

const TEXTS: Record<string, string> = {
  "date-time": "2026-01-31T09:00:00Z",
  timer: "2026-12-31T09:00:00Z",
  url: "https://example.com/",
  email: "ada@example.com",
  "idn-email": "ada@example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  markdown: "# Heading\n\nSome *text*.",
  yaml: "key: value\n",
  user: "ada@example.com",
  team: "platform",
  proto: 'syntax = "proto3";\n',
  blueprints: "service",
};

export function sampleEntity(definition: JsonObject): JsonObject {
  const properties = Object.entries(partsOf(definition, "property")).map(([key, part]): [string, Json] => [
    key,
    sampleValue(asObject(part)),
  ]);
  const relations = Object.entries(partsOf(definition, "relation")).map(([key, part]): [string, Json] => {
    const { target, many } = asObject(part);
    const identifier = `a-${asText(target) ?? "target"}`;
    return [key, many === true ? [identifier] : identifier];
  });
  const blueprint = asText(definition.identifier) ?? "";
  return {
    identifier: `my-${blueprint}`,
    title: `My ${(asText(definition.title) ?? blueprint).toLowerCase()}`,
    ...(asText(asObject(definition.ownership).type) === "Direct" ? { team: ["platform"] } : {}),
    properties: Object.fromEntries(properties),
    relations: Object.fromEntries(relations),
  };
}

function sampleValue(part: JsonObject): Json {
  if (part.default !== undefined && part.default !== null) return part.default;
  const [first] = asList(part.enum);
  if (first !== undefined) return first;
  switch (part.type) {
    case "number":
      return sampleNumber(part);
    case "boolean":
      return true;
    case "array":
      return [part.items === undefined ? "item" : sampleValue(asObject(part.items))];
    case "object":
      return part.format === "labeled-url" ? { url: "https://example.com/", displayText: "Example" } : {};
    default:
      return sampleText(part);
  }
}

function sampleNumber({ minimum, exclusiveMinimum, maximum }: JsonObject): number {
  if (typeof minimum === "number") return minimum;
  if (typeof exclusiveMinimum === "number") return exclusiveMinimum + 1;
  return typeof maximum === "number" ? Math.min(42, maximum) : 42;
}

function sampleText(part: JsonObject): string {
  const text = TEXTS[asText(part.format) ?? ""] ?? "text";
  const { minLength, maxLength } = part;
  const long = typeof minLength === "number" ? text.padEnd(minLength, "x") : text;
  return typeof maxLength === "number" ? long.slice(0, maxLength) : long;
}

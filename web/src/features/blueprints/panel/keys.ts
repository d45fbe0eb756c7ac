/** What a definition's JSON can hold at each place: for completion and help while it is written. */
import type { JsonSuggestion } from "@/code-editor/JsonEditor";
import type { Model } from "@/lib/blueprint/definition";
import { COLORS } from "./kinds";

type Suggestion = JsonSuggestion;

const TOP: Suggestion[] = [
  { label: "identifier", info: "Names it everywhere. Changed by renaming.", value: '""' },
  { label: "title", info: "What people read; up to 100 characters.", value: '""' },
  { label: "description", info: "Up to 200 characters.", value: '""' },
  { label: "icon", info: "The name of an icon.", value: '""' },
  { label: "schema", info: "The properties that entities have.", value: '{ "properties": {}, "required": [] }' },
  { label: "relations", info: "Which entities of other blueprints it points at.", value: "{}" },
  { label: "mirrorProperties", info: "Values of related entities.", value: "{}" },
  { label: "calculationProperties", info: "Values made of the entity's own by jq.", value: "{}" },
  { label: "aggregationProperties", info: "Numbers made of other entities.", value: "{}" },
  { label: "ownership", info: "Who owns entities.", value: '{ "type": "Direct" }' },
  { label: "includeInGlobalSearch", detail: "true or false", value: "true" },
  { label: "graphql", info: "Chosen names in the catalog API: type, plural, fields, inverses.", value: "{}" },
];
const NAMES: Suggestion[] = [
  { label: "title", info: "What people read; up to 100 characters.", value: '""' },
  { label: "description", info: "Shown as a help.", value: '""' },
];
const PROPERTY: Suggestion[] = [
  ...NAMES,
  {
    label: "type",
    detail: "string, number, …",
    info: "The type of its values; cannot change once there are some.",
    value: '"string"',
  },
  { label: "format", info: "What a text is: decides how it is checked and shown.", value: '"url"' },
  { label: "enum", info: "The allowed values.", value: "[]" },
  { label: "enumColors", info: "A colour for each value.", value: "{}" },
  { label: "default", info: "Given to an entity that is made without a value.", value: '""' },
  { label: "items", info: "What a list consists of.", value: '{ "type": "string" }' },
  { label: "spec", detail: "open-api, async-api, embedded-url", value: '"open-api"' },
  { label: "icon", info: "The name of an icon.", value: '""' },
  { label: "indexed", info: "false: tables are not filtered or sorted by it.", value: "false" },
  ...[
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
  ].map((label) => ({ label, detail: "a number", value: "0" })),
  { label: "pattern", info: "A regular expression that texts must match.", value: '""' },
  { label: "uniqueItems", info: "No item twice.", value: "true" },
];
const RELATION: Suggestion[] = [
  ...NAMES,
  { label: "target", info: "The blueprint that it leads to.", value: '""' },
  { label: "many", info: "Whether it leads to many entities.", value: "true" },
  { label: "required", info: "Whether every entity must have it.", value: "true" },
  { label: "inverse", info: "The name of the way back in GraphQL.", value: '""' },
];
const CALCULATION: Suggestion[] = [
  ...PROPERTY.filter(({ label }) =>
    ["title", "description", "type", "format", "items", "enum", "spec", "icon"].includes(label),
  ),
  { label: "calculation", info: "A jq expression on the entity.", value: '""' },
  { label: "colorized", value: "true" },
  { label: "colors", value: "{}" },
];
const AGGREGATION: Suggestion[] = [
  ...NAMES,
  { label: "target", info: "The blueprint whose entities count.", value: '""' },
  {
    label: "calculationSpec",
    info: "What is made of them.",
    value: '{ "calculationBy": "entities", "func": "count" }',
  },
  { label: "query", info: "Rules that entities must fulfil to count.", value: '{ "combinator": "and", "rules": [] }' },
  { label: "pathFilter", info: "Which relations lead there, where there are several ways.", value: '[{ "path": [] }]' },
];
const SPEC: Suggestion[] = [
  { label: "calculationBy", detail: "entities or property", value: '"entities"' },
  { label: "func", detail: "count, sum, …", value: '"count"' },
  { label: "property", info: "The number that it is made of.", value: '""' },
  { label: "averageOf", detail: "hour, day, week, month, total", value: '"day"' },
  { label: "measureTimeBy", info: "The date that periods are counted by.", value: '"$createdAt"' },
];

/** Keys that an object at a place can have. */
export function keysAt(keys: readonly string[]): Suggestion[] {
  const [first, second, third, fourth] = keys;
  if (first === undefined) return TOP;
  if (first === "schema") {
    if (second === undefined)
      return [
        { label: "properties", value: "{}" },
        { label: "required", info: "Properties that every entity must have.", value: "[]" },
      ];
    if (
      second === "properties" &&
      third !== undefined &&
      (fourth === undefined || (fourth === "items" && keys.length === 4))
    )
      return PROPERTY;
    return [];
  }
  if (first === "ownership")
    return [
      { label: "type", detail: "Direct or Inherited", value: '"Direct"' },
      { label: "path", info: "relation.relation, where it is inherited.", value: '""' },
    ];
  if (second === undefined) return [];
  if (third === undefined)
    return (
      {
        relations: RELATION,
        mirrorProperties: [...NAMES, { label: "path", info: "relation.relation.property", value: '""' }],
        calculationProperties: CALCULATION,
        aggregationProperties: AGGREGATION,
      }[first] ?? []
    );
  if (first === "aggregationProperties" && third === "calculationSpec") return SPEC;
  if (first === "aggregationProperties" && third === "pathFilter")
    return [
      { label: "path", value: "[]" },
      { label: "fromBlueprint", value: '""' },
    ];
  return [];
}

const texts = (...values: string[]): Suggestion[] => values.map((label) => ({ label: JSON.stringify(label) }));
const FORMATS =
  "date-time url email idn-email ipv4 ipv6 markdown yaml user team blueprints timer proto labeled-url".split(" ");

/** Values that make sense at a place. */
export function valuesAt(keys: readonly string[], model: Model, own: readonly string[]): Suggestion[] {
  const key = keys.at(-1);
  const parent = keys.at(-2);
  switch (key) {
    case "type":
      return keys[0] === "ownership"
        ? texts("Direct", "Inherited")
        : texts("string", "number", "boolean", "object", "array");
    case "format":
      return texts(...FORMATS);
    case "spec":
      return texts("open-api", "async-api", "embedded-url");
    case "target":
    case "fromBlueprint":
      return model.blueprints.map(({ identifier, title }) => ({ label: JSON.stringify(identifier), detail: title }));
    case "many":
    case "required":
    case "indexed":
    case "uniqueItems":
    case "colorized":
    case "includeInGlobalSearch":
      return [{ label: "true" }, { label: "false" }];
    case "func":
      return texts("count", "average", "sum", "min", "max", "median");
    case "calculationBy":
      return texts("entities", "property");
    case "averageOf":
      return texts("hour", "day", "week", "month", "total");
    case "measureTimeBy":
      return texts("$createdAt", "$updatedAt");
  }
  if (parent === "enumColors" || parent === "colors") return texts(...COLORS);
  if (parent === "required") return texts(...own);
  return [];
}

/** What a key means, for who hovers over it. */
export function helpAt(keys: readonly string[]): string | undefined {
  const found = keysAt(keys.slice(0, -1)).find(({ label }) => label === keys.at(-1));
  return found && (found.info ?? found.detail);
}

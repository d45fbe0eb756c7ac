/** What of a blueprint's entities rules can ask about, and by which operators. */
import type { BlueprintDefinition, PropertyDefinition } from "@/lib/blueprint/definition";
import type { Json } from "@/lib/json";

export type FieldKind =
  | "text"
  | "choice"
  | "number"
  | "boolean"
  | "date"
  | "timer"
  | "list"
  | "relation"
  | "relations"
  | "user"
  | "team"
  | "teams"
  | "document";

export type RuleField = {
  id: string;
  title: string;
  kind: FieldKind;
  /** The allowed values of a choice or of a list's items. */
  values?: Json[] | undefined;
  /** What a relation points at. */
  target?: string;
};

export type OperatorChoice = { value: string; label: string };

const EMPTY: OperatorChoice[] = [
  { value: "isEmpty", label: "is empty" },
  { value: "isNotEmpty", label: "is not empty" },
];
const IS: OperatorChoice[] = [
  { value: "=", label: "is" },
  { value: "!=", label: "is not" },
];
const ANY_OF: OperatorChoice[] = [
  { value: "in", label: "is any of" },
  { value: "notIn", label: "is none of" },
];
const DATES: OperatorChoice[] = [
  { value: "between", label: "is within" },
  { value: "notBetween", label: "is not within" },
  { value: ">", label: "is after" },
  { value: "<", label: "is before" },
];
const LISTS: OperatorChoice[] = [
  { value: "contains", label: "has" },
  { value: "doesNotContains", label: "does not have" },
  { value: "containsAny", label: "has any of" },
];

export const OPERATORS: Record<FieldKind, OperatorChoice[]> = {
  text: [
    { value: "contains", label: "contains" },
    { value: "doesNotContains", label: "does not contain" },
    ...IS,
    { value: "beginsWith", label: "begins with" },
    { value: "doesNotBeginsWith", label: "does not begin with" },
    { value: "endsWith", label: "ends with" },
    { value: "doesNotEndsWith", label: "does not end with" },
    ...ANY_OF,
    ...EMPTY,
  ],
  choice: [...ANY_OF, ...IS, ...EMPTY],
  number: [
    ...IS,
    { value: ">", label: ">" },
    { value: ">=", label: "≥" },
    { value: "<", label: "<" },
    { value: "<=", label: "≤" },
    ...EMPTY,
  ],
  boolean: [...IS, ...EMPTY],
  date: [...DATES, ...EMPTY],
  timer: [
    { value: "isExpired", label: "is reached" },
    { value: "isNotExpired", label: "is not reached" },
    ...DATES,
    ...EMPTY,
  ],
  list: [...LISTS, ...EMPTY],
  relation: [...ANY_OF, ...IS, ...EMPTY],
  relations: [{ value: "containsAny", label: "has any of" }, ...EMPTY],
  user: [...IS, ...ANY_OF, ...EMPTY],
  team: [...IS, ...ANY_OF, ...EMPTY],
  teams: [{ value: "containsAny", label: "has any of" }, ...EMPTY],
  document: EMPTY,
};

/** Whether the operator compares with several values. */
export function takesMany(operator: string): boolean {
  return operator === "in" || operator === "notIn" || operator === "containsAny";
}

/** Properties that every entity has. */
const META: RuleField[] = [
  { id: "$title", title: "Title", kind: "text" },
  { id: "$identifier", title: "Identifier", kind: "text" },
  { id: "$team", title: "Owning teams", kind: "teams" },
  { id: "$createdAt", title: "Created at", kind: "date" },
  { id: "$updatedAt", title: "Updated at", kind: "date" },
  { id: "$createdBy", title: "Created by", kind: "text" },
  { id: "$updatedBy", title: "Updated by", kind: "text" },
  { id: "$datasource", title: "Data source", kind: "text" },
];

export function ruleFields(blueprint: BlueprintDefinition): RuleField[] {
  const properties = blueprint.properties.map(
    (one): RuleField => ({
      id: one.identifier,
      title: one.title,
      kind: kindOf(one),
      values: one.values,
    }),
  );
  const relations = blueprint.relations.map(
    (one): RuleField => ({
      id: one.identifier,
      title: one.title,
      kind: one.isMany ? "relations" : "relation",
      target: one.target,
    }),
  );
  return [...META.slice(0, 3), ...properties, ...relations, ...META.slice(3)];
}

function kindOf({ type, format, values, itemFormat, json }: PropertyDefinition): FieldKind {
  if (json.indexed === false || type === "object") return "document";
  if (type === "number") return values ? "choice" : "number";
  if (type === "boolean") return "boolean";
  if (type === "array") return itemFormat === "team" ? "teams" : "list";
  if (values) return "choice";
  if (format === "date-time" || format === "date") return "date";
  if (format === "timer") return "timer";
  if (format === "user") return "user";
  if (format === "team") return "team";
  if (format === "markdown" || format === "yaml" || format === "proto") return "document";
  return "text";
}

/** The operators of a field. A list that is not indexed by its items is asked as any list. */
export function operatorsOf(field: RuleField | undefined): OperatorChoice[] {
  return OPERATORS[field?.kind ?? "text"];
}

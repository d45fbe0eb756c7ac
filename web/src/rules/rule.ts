/** The rule language (docs/rules.md) as the builder edits it. What it cannot show stays as it is. */
import { asList, asObject, type Json, type JsonObject } from "@/lib/json";

export type Combinator = "and" | "or";
export type Rule = { property: string; operator: string; value?: Json };
export type Group = { combinator: Combinator; rules: Node[] };
/** A rule, a group, or something that only its JSON can tell. */
export type Node = Rule | Group | JsonObject;

export const NO_RULES: Group = { combinator: "and", rules: [] };

export function isGroup(node: Node): node is Group {
  return Array.isArray((node as Group).rules);
}

export function isRule(node: Node): node is Rule {
  const { property, operator } = node as Rule;
  return typeof property === "string" && typeof operator === "string";
}

/** Reads rules from JSON: a group, or a list of rules that must all hold. Undefined where it is neither. */
export function readRules(json: Json | undefined): Group | undefined {
  if (Array.isArray(json)) return { combinator: "and", rules: json.map(asObject) };
  const object = asObject(json);
  if (!Array.isArray(object.rules)) return undefined;
  const combinator = object.combinator === "or" ? "or" : "and";
  return { combinator, rules: asList(object.rules).map((node) => readRules(node) ?? asObject(node)) };
}

/** Operators that compare with nothing. */
const UNARY = new Set(["isEmpty", "isNotEmpty", "isExpired", "isNotExpired"]);

export function isUnary(operator: string): boolean {
  return UNARY.has(operator);
}

/** Whether a rule says enough to be asked. */
export function isComplete(rule: Rule): boolean {
  if (rule.property === "" || rule.operator === "") return false;
  if (isUnary(rule.operator)) return true;
  const { value } = rule;
  if (value === undefined || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value !== null && typeof value === "object") {
    // Two days, of which one may be left out; or something that has a name.
    return Boolean(value.from) || Boolean(value.to) || Object.keys(value).some((key) => key !== "from" && key !== "to");
  }
  return true;
}

/** The rules without those that are being written still, and without groups that hold nothing. */
export function completeRules(group: Group): Group {
  const rules = group.rules.flatMap((node): Node[] => {
    if (isGroup(node)) {
      const inner = completeRules(node);
      return inner.rules.length > 0 ? [inner] : [];
    }
    return isRule(node) && !isComplete(node) ? [] : [node];
  });
  return { combinator: group.combinator, rules };
}

export function countRules(group: Group): number {
  return group.rules.reduce((sum, node) => sum + (isGroup(node) ? countRules(node) : 1), 0);
}

/** Both must hold. */
export function both(one: Group | undefined, other: Group | undefined): Group | undefined {
  const parts = [one, other].filter((part): part is Group => part !== undefined && part.rules.length > 0);
  if (parts.length < 2) return parts[0];
  return { combinator: "and", rules: parts };
}

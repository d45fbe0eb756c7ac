import { asObject, asText, type Json } from "@/lib/json";
import { operatorsOf, type RuleField } from "./fields";
import { type Group, isGroup, isRule, isUnary, type Node } from "./rule";

/** A rule as a phrase: "Tier is any of gold, silver". */
export function describe(node: Node, fields: readonly RuleField[]): string {
  if (isGroup(node)) return describeGroup(node, fields);
  if (!isRule(node)) return asText((node as { operator?: Json }).operator) ?? "rule in JSON";
  const field = fields.find((one) => one.id === node.property);
  const operator = operatorsOf(field).find((one) => one.value === node.operator)?.label ?? node.operator;
  const subject = `${field?.title ?? node.property} ${operator}`;
  return isUnary(node.operator) ? subject : `${subject} ${describeValue(node.value)}`;
}

function describeGroup(group: Group, fields: readonly RuleField[]): string {
  return group.rules
    .map((node) => (isGroup(node) ? `(${describe(node, fields)})` : describe(node, fields)))
    .join(` ${group.combinator} `);
}

export function describeValue(value: Json | undefined): string {
  if (value === null || value === undefined) return "nothing";
  if (value === true) return "yes";
  if (value === false) return "no";
  if (Array.isArray(value)) {
    const shown = value.slice(0, 3).map(describeValue).join(", ");
    return value.length > 3 ? `${shown} and ${value.length - 3} more` : shown;
  }
  if (typeof value === "object") {
    const preset = asText(value.preset) ?? asText(value.relative);
    if (preset) return describePreset(preset);
    if (value.context === "user") return "me";
    if (value.context === "userTeams") return "my teams";
    const { from, to } = asObject(value);
    return [from ? `from ${day(from)}` : "", to ? `to ${day(to)}` : ""].filter(Boolean).join(" ");
  }
  return String(value);
}

function day(value: Json): string {
  return String(value).slice(0, 10);
}

/** "last7Days" as "last 7 days". */
export function describePreset(preset: string): string {
  return preset
    .replace(/(\d+)/, " $1 ")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/\s+/g, " ")
    .trim();
}

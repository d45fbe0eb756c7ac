import { expect, test } from "vitest";
import { readBlueprint } from "@/lib/blueprint/definition";
import { describe } from "./describe";
import { ruleFields } from "./fields";
import { both, completeRules, countRules, type Group, readRules } from "./rule";

const blueprint = readBlueprint({
  identifier: "service",
  title: "Service",
  icon: null,
  revision: 1,
  json: {
    schema: {
      properties: {
        tier: { type: "string", title: "Tier", enum: ["gold", "silver"] },
        launched: { type: "string", format: "date-time", title: "Launched" },
        public: { type: "boolean", title: "Public" },
        readme: { type: "string", format: "markdown", title: "Readme" },
      },
    },
    relations: {
      system: { title: "System", target: "system" },
      dependsOn: { title: "Depends on", target: "service", many: true },
    },
  },
});
const fields = ruleFields(blueprint);

test("rules are read from a group or a list, and what they cannot show is kept", () => {
  const path = { operator: "relatedTo", blueprint: "system", value: "commerce" };
  const inner = { combinator: "or", rules: [{ property: "public", operator: "=", value: true }] };
  expect(readRules({ combinator: "and", rules: [path, inner] })).toEqual({ combinator: "and", rules: [path, inner] });
  expect(readRules([path])).toEqual({ combinator: "and", rules: [path] });
  for (const other of [null, "x", 3, { property: "tier" }]) expect(readRules(other)).toBeUndefined();
});

test("rules that are being written are not asked", () => {
  const group: Group = {
    combinator: "and",
    rules: [
      { property: "", operator: "" },
      { property: "tier", operator: "in", value: [] },
      { property: "tier", operator: "isEmpty" },
      { property: "public", operator: "=", value: false },
      { property: "launched", operator: "between", value: {} },
      { combinator: "or", rules: [{ property: "tier", operator: "=" }] },
    ],
  };
  expect(completeRules(group).rules).toEqual([
    { property: "tier", operator: "isEmpty" },
    { property: "public", operator: "=", value: false },
  ]);
  expect(countRules(group)).toBe(6);
});

test("two conditions are joined only where there are two", () => {
  const one: Group = { combinator: "or", rules: [{ property: "tier", operator: "isEmpty" }] };
  const none: Group = { combinator: "and", rules: [] };
  expect(both(undefined, none)).toBeUndefined();
  expect(both(one, none)).toBe(one);
  expect(both(one, one)).toEqual({ combinator: "and", rules: [one, one] });
});

test.each([
  [{ property: "tier", operator: "in", value: ["gold", "silver"] }, "Tier is any of gold, silver"],
  [{ property: "public", operator: "=", value: true }, "Public is yes"],
  [{ property: "launched", operator: "between", value: { preset: "last7Days" } }, "Launched is within last 7 days"],
  [{ property: "launched", operator: "between", value: { from: "2026-01-01" } }, "Launched is within from 2026-01-01"],
  [{ property: "system", operator: "isEmpty" }, "System is empty"],
  [
    { property: "$team", operator: "containsAny", value: { context: "userTeams", property: "$identifier" } },
    "Owning teams has any of my teams",
  ],
  [{ property: "gone", operator: "=", value: null }, "gone is nothing"],
])("%j is told as %s", (rule, told) => {
  expect(describe(rule, fields)).toBe(told);
});

test("documents are only asked whether they are there", () => {
  expect(fields.find((field) => field.id === "readme")?.kind).toBe("document");
  expect(fields.find((field) => field.id === "dependsOn")).toMatchObject({ kind: "relations", target: "service" });
});

import { expect, test } from "vitest";
import { readBlueprint } from "@/lib/blueprint/definition";
import { flatten, type GroupCount, pathKey, rulesOfGroup, stretchAt } from "./groups";

const blueprint = readBlueprint({
  identifier: "service",
  title: "Service",
  icon: null,
  revision: 1,
  json: { schema: { properties: { tier: { type: "string" }, tags: { type: "array", items: { type: "string" } } } } },
});
const counts: Record<string, GroupCount[]> = {
  "[]": [
    { value: "gold", count: 3 },
    { value: null, count: 2 },
  ],
  '["gold"]': [{ value: "Go", count: 3 }],
};
const groupsOf = (path: readonly unknown[]) => counts[JSON.stringify(path)];
const shown = (opened: string[], groupBy = ["tier", "language"]) =>
  flatten(groupBy, new Set(opened), groupsOf).map((one) => [
    one.start,
    one.kind === "header" ? one.header.value : one.kind,
    one.count,
  ]);

test("closed groups are a line each, open ones show what is in them", () => {
  expect(shown([])).toEqual([
    [0, "gold", 1],
    [1, null, 1],
  ]);
  expect(shown([pathKey(["gold"]), pathKey(["gold", "Go"])])).toEqual([
    [0, "gold", 1],
    [1, "Go", 1],
    [2, "rows", 3],
    [5, null, 1],
  ]);
  expect(shown([pathKey([null])])).toEqual([
    [0, "gold", 1],
    [1, null, 1],
    [2, "pending", 3],
  ]);
  expect(shown([pathKey(["gold"])], ["tier"])).toEqual([
    [0, "gold", 1],
    [1, "rows", 3],
    [4, null, 1],
  ]);
});

test("each place belongs to one stretch", () => {
  const stretches = flatten(["tier"], new Set([pathKey(["gold"])]), groupsOf);
  expect([0, 1, 3, 4, 5].map((index) => stretchAt(stretches, index)?.kind)).toEqual([
    "header",
    "rows",
    "rows",
    "header",
    undefined,
  ]);
});

test("a group is asked for by its values, absent ones and items of lists too", () => {
  const asked = { combinator: "and" as const, rules: [{ property: "$title", operator: "contains", value: "a" }] };
  expect(rulesOfGroup(blueprint, asked, ["tier", "tags"], ["gold", "x"])).toEqual({
    combinator: "and",
    rules: [
      asked,
      {
        combinator: "and",
        rules: [
          { property: "tier", operator: "=", value: "gold" },
          { property: "tags", operator: "containsAny", value: ["x"] },
        ],
      },
    ],
  });
  expect(rulesOfGroup(blueprint, undefined, ["tier"], [null])?.rules).toEqual([
    { property: "tier", operator: "isEmpty" },
  ]);
});

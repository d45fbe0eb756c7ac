import { expect, test } from "vitest";
import { changesBetween } from "./changes";

const state = {
  identifier: "a",
  title: "A",
  icon: null,
  team: [],
  properties: { tier: "gold", tags: ["x"] },
  relations: { system: "s" },
};

test("only what differs is a change", () => {
  const after = {
    ...state,
    title: "B",
    properties: { tier: "gold", tags: ["x", "y"], open: 1 },
    relations: { system: null },
  };
  expect(changesBetween(state, after)).toEqual([
    { part: "field", name: "title", before: "A", after: "B" },
    { part: "property", name: "tags", before: ["x"], after: ["x", "y"] },
    { part: "property", name: "open", before: undefined, after: 1 },
    { part: "relation", name: "system", before: "s", after: null },
  ]);
});

test("an absent value, null and an empty list are the same to a reader", () => {
  expect(changesBetween(state, { ...state, properties: { ...state.properties, note: null, others: [] } })).toEqual([]);
});

test("of something new, all it has is a change", () => {
  expect(changesBetween(null, state).map((change) => change.name)).toEqual([
    "identifier",
    "title",
    "tier",
    "tags",
    "system",
  ]);
});

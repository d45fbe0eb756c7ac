import { expect, test } from "vitest";
import { changedFields, draftOf, EMPTY } from "./draft";

const stored = draftOf({
  identifier: "a",
  title: "A",
  icon: null,
  team: ["red"],
  properties: { tier: "gold", tags: ["x"] },
  relations: { system: "s", dependsOn: ["b"] },
});

test("only what changed is sent, and what was cleared as null", () => {
  expect(changedFields(stored, stored)).toEqual({});
  const after = {
    ...stored,
    title: "",
    team: [],
    properties: { ...stored.properties, tier: null, open: 3 },
    relations: { ...stored.relations, dependsOn: [] },
  };
  expect(changedFields(stored, after)).toEqual({
    title: null,
    team: [],
    properties: { tier: null, open: 3 },
    relations: { dependsOn: [] },
  });
});

test("null where there was no value is no change", () => {
  expect(changedFields(stored, { ...stored, properties: { ...stored.properties, note: null } })).toEqual({});
});

test("of a new entity all that is filled in is sent", () => {
  expect(changedFields(EMPTY, { ...EMPTY, identifier: "b", title: "B", properties: { open: 0 } })).toEqual({
    title: "B",
    properties: { open: 0 },
  });
});

import { expect, test } from "vitest";
import { hasMine, merge, withTheirs } from "./merge";

const base = { title: "S", schema: { properties: { a: { type: "string" }, b: { type: "number" } }, required: ["a"] } };

test("changes at different places are laid together", () => {
  const mine = {
    ...base,
    schema: { ...base.schema, properties: { a: { type: "string", title: "A" }, b: base.schema.properties.b } },
  };
  const theirs = {
    title: "T",
    schema: { properties: { a: { type: "string" }, c: { type: "boolean" } }, required: ["a"] },
  };
  expect(merge(base, mine, theirs)).toEqual({
    merged: {
      title: "T",
      schema: { properties: { a: { type: "string", title: "A" }, c: { type: "boolean" } }, required: ["a"] },
    },
    conflicts: [],
  });
});

test("lists of texts are merged as sets", () => {
  const of = (...required: string[]) => ({ required });
  expect(merge(of("a", "b"), of("a", "b", "mine"), of("b", "theirs")).merged).toEqual(of("b", "mine", "theirs"));
});

test("the same place in two ways is a conflict, with mine until theirs is chosen", () => {
  const { merged, conflicts } = merge(base, { ...base, title: "Mine" }, { ...base, title: "Theirs" });
  expect(conflicts).toEqual([{ keys: ["title"], base: "S", mine: "Mine", theirs: "Theirs" }]);
  expect(merged.title).toBe("Mine");
  expect(hasMine(merged, conflicts[0] ?? { keys: [], base: 1, mine: 2, theirs: 3 })).toBe(true);
  expect(withTheirs(merged, conflicts).title).toBe("Theirs");
});

test("what one removed and the other changed is a conflict, too", () => {
  const gone = { title: "S", schema: { properties: { b: { type: "number" } }, required: [] } };
  const changed = {
    ...base,
    schema: { ...base.schema, properties: { ...base.schema.properties, a: { type: "string", title: "A" } } },
  };
  const { conflicts } = merge(base, gone, changed);
  expect(conflicts.map(({ keys }) => keys.join("."))).toEqual(["schema.properties.a"]);
  expect(withTheirs(gone, conflicts)).toMatchObject({ schema: { properties: { a: { title: "A" } } } });
});

test("the same new thing of two people is laid together", () => {
  expect(merge({}, { r: { a: 1 } }, { r: { b: 2 } })).toEqual({ merged: { r: { a: 1, b: 2 } }, conflicts: [] });
});

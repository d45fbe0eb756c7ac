import { expect, test } from "vitest";
import { KINDS, kindOf, withItemKind, withKind } from "./kinds";

const kind = (id: string) => KINDS.find((one) => one.id === id) ?? kindOf({});

test.each(KINDS.map(({ id }) => id))("%s is recognised in the definition that it makes", (id) => {
  expect(kindOf(withKind({ title: "T" }, kind(id))).id).toBe(id);
});

test("what makes no sense in another kind is gone, the rest stays", () => {
  const text = { type: "string", title: "T", description: "D", minLength: 2, default: "x", icon: "Box", "x-mine": 1 };
  expect(withKind(text, kind("number"))).toEqual({
    title: "T",
    type: "number",
    description: "D",
    icon: "Box",
    "x-mine": 1,
  });
  expect(withKind(text, kind("url"))).toEqual({ ...text, format: "url" });
  const choice = { type: "string", enum: ["a"], enumColors: { a: "red" } };
  expect(withKind(choice, kind("text"))).toEqual({ type: "string" });
  expect(withKind({ type: "string", format: "url" }, kind("array"))).toEqual({
    type: "array",
    items: { type: "string" },
  });
});

test("a list's items have a kind of their own", () => {
  expect(withItemKind({ type: "array", items: { type: "string" }, minItems: 1 }, kind("team"))).toEqual({
    type: "array",
    items: { type: "string", format: "team" },
    minItems: 1,
  });
});

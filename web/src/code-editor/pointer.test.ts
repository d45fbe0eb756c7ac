import { expect, test } from "vitest";
import { lineOf, placeOf, places, pointerAt } from "./pointer";

const TEXT = `{
  "identifier": "service",
  "schema": {
    "properties": {
      "a/b": { "type": "strin" },
      "tags": { "type": "array", "enum": ["x", "y\\"z"] }
    }
  },
  "n": -1.5e3
}`;

test.each([
  ["", "{", 1],
  ["/identifier", '"service"', 2],
  ["/schema", '"schema"', 3],
  ["/schema/properties/a~1b/type", '"strin"', 5],
  ["/schema/properties/tags/enum/1", '"y\\"z"', 6],
  ["/n", "-1.5e3", 9],
])("%s stands at %s in line %d", (pointer, text, line) => {
  const { from, to } = placeOf(TEXT, pointer);
  expect(TEXT.slice(from, to).startsWith(text)).toBe(true);
  expect(lineOf(TEXT, pointer)).toBe(line);
});

test("what is missing is told at the key of what is around it", () => {
  const { from, to } = placeOf(TEXT, "/schema/properties/a~1b/title");
  expect(TEXT.slice(from, to)).toBe('"a/b"');
  expect(lineOf(TEXT, "/relations/owner/target")).toBe(1);
});

test("text that is not whole has places up to the mistake", () => {
  const half = '{\n  "a": 1,\n  "b": {"c": "open';
  expect([...places(half).keys()]).toEqual(["", "/a", "/b", "/b/c"]);
  expect(lineOf(half, "/b/c")).toBe(3);
  expect(lineOf("", "/a")).toBe(1);
});

test("the pointer of a position is the innermost", () => {
  expect(pointerAt(TEXT, TEXT.indexOf('"strin"') + 2)).toBe("/schema/properties/a~1b/type");
  expect(pointerAt(TEXT, TEXT.indexOf('"tags"') + 1)).toBe("/schema/properties/tags");
  expect(pointerAt(TEXT, TEXT.indexOf('"x"'))).toBe("/schema/properties/tags/enum/0");
});

import { expect, test } from "vitest";
import { isWorthALayout, type Placed, positionsOf } from "./place";

const placed: Placed = { positions: { a: { x: 0, y: 0 }, b: { x: 300, y: 100 } }, routes: {}, sizes: {} };
const node = (id: string) => ({ id, width: 200, height: 60 });

test("what a person has put somewhere stays there, what is new stands below", () => {
  const positions = positionsOf(placed, { b: { x: 5, y: 7 } }, [node("a"), node("b"), node("c"), node("d")]);
  expect(positions).toEqual({ a: { x: 0, y: 0 }, b: { x: 5, y: 7 }, c: { x: 0, y: 127 }, d: { x: 240, y: 127 } });
});

test("only much that is new is worth another layout", () => {
  const none = () => false;
  expect(isWorthALayout(undefined, [node("a")], none)).toBe(true);
  expect(isWorthALayout(placed, [node("a"), node("b")], none)).toBe(false);
  expect(isWorthALayout(placed, [node("a"), node("c")], none)).toBe(true);
  expect(isWorthALayout(placed, [node("a"), node("c")], (id) => id === "c")).toBe(false);
});

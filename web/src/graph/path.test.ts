import { expect, test } from "vitest";
import { labelPoint, pathThrough, routeBetween } from "./path";

test("corners are rounded, also short ones", () => {
  expect(
    pathThrough([
      { x: 0, y: 0 },
      { x: 10, y: 0 },
      { x: 10, y: 30 },
    ]),
  ).toBe("M0,0L5,0Q10,0 10,5L10,30");
  expect(
    pathThrough([
      { x: 0, y: 0 },
      { x: 4, y: 0 },
    ]),
  ).toBe("M0,0L4,0");
  expect(pathThrough([])).toBe("");
});

const box = (x: number, y: number) => ({ x, y, width: 100, height: 40 });

test.each([
  ["to the right", box(0, 0), box(200, 100), { x: 100, y: 20 }, { x: 200, y: 120 }],
  ["to the left", box(300, 0), box(0, 0), { x: 300, y: 20 }, { x: 100, y: 20 }],
  ["below", box(0, 0), box(20, 200), { x: 50, y: 40 }, { x: 70, y: 200 }],
  ["above", box(0, 200), box(20, 0), { x: 50, y: 200 }, { x: 70, y: 40 }],
])("a way %s begins and ends at the sides that face each other", (_, source, target, from, to) => {
  const points = routeBetween(source, target);
  expect([points[0], points.at(-1)]).toEqual([from, to]);
  points.slice(1).forEach((point, index) => {
    expect(point.x === points[index]?.x || point.y === points[index]?.y).toBe(true);
  });
});

test("a way to itself is a loop, and labels stand on the longest stretch", () => {
  const itself = box(0, 0);
  expect(routeBetween(itself, itself)).toHaveLength(5);
  expect(
    labelPoint([
      { x: 0, y: 0 },
      { x: 10, y: 0 },
      { x: 10, y: 100 },
    ]),
  ).toEqual({ x: 10, y: 50 });
});

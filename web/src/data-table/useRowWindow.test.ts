import { expect, test } from "vitest";
import { MAX_HEIGHT, nextOffset, rowWindow } from "./useRowWindow";

const ROW = 36;
const ROOM = 720;

test("a few rows around what is seen are kept, never more than sixty", () => {
  expect(rowWindow(10, ROW, 0, 0, ROOM)).toEqual({ first: 0, end: 10, height: 360, top: 0 });
  const { first, end } = rowWindow(100_000, ROW, 36_000, 36_000, ROOM);
  expect([first, end]).toEqual([994, 1026]);
  for (const room of [100, 720, 4_000]) {
    const window = rowWindow(100_000, 28, 280_000, 280_000, room);
    expect(window.end - window.first).toBeLessThanOrEqual(60);
  }
});

test("the rows lie where the scroll bar is", () => {
  const { first, top } = rowWindow(1_000, ROW, 3_610, 3_610, ROOM);
  expect(top).toBe(first * ROW);
});

test("while all rows fit, the offset is the scroll bar's", () => {
  expect(nextOffset({ offset: 0, scrollTop: 0 }, 5_000, 1_000, ROW, ROOM)).toBe(5_000);
});

test("of a million rows the first and the last can be reached, and a turn of the wheel moves by pixels", () => {
  const count = 1_000_000;
  const whole = count * ROW;
  const at = (from: { offset: number; scrollTop: number }, scrollTop: number) =>
    nextOffset(from, scrollTop, count, ROW, ROOM);
  expect(at({ offset: 500, scrollTop: 500 }, 0)).toBe(0);
  expect(at({ offset: 0, scrollTop: 0 }, MAX_HEIGHT - ROOM)).toBe(whole - ROOM);
  expect(at({ offset: 1_000, scrollTop: 1_000 }, 1_120)).toBe(1_120);
  // Dragged to the middle of the bar: the middle of the rows.
  const middle = at({ offset: 0, scrollTop: 0 }, (MAX_HEIGHT - ROOM) / 2);
  expect(middle / (whole - ROOM)).toBeCloseTo(0.5, 6);
  const last = rowWindow(count, ROW, whole - ROOM, MAX_HEIGHT - ROOM, ROOM);
  expect(last.end).toBe(count);
  // The last row ends where the scrolled element does.
  expect(last.top + (last.end - last.first) * ROW).toBe(MAX_HEIGHT);
});

import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";

/** Taller elements are cut off by browsers; beyond, one pixel of the scroll bar stands for several. */
export const MAX_HEIGHT = 8_000_000;
/** Rows kept above and below what is seen. */
const OVERSCAN = 6;
/** Most rows in the document at a time. */
const MAX_ROWS = 60;

export type RowWindow = {
  first: number;
  /** Behind the last one. */
  end: number;
  /** Height of what is scrolled, in pixels. */
  height: number;
  /** Where the first row begins in it. */
  top: number;
};

/** Which of many rows of one height are seen, at a place of the scroll bar. `offset` counts pixels of rows. */
export function rowWindow(
  count: number,
  rowHeight: number,
  offset: number,
  scrollTop: number,
  room: number,
): RowWindow {
  const height = Math.min(count * rowHeight, MAX_HEIGHT);
  const first = Math.max(0, Math.floor(offset / rowHeight) - OVERSCAN);
  const end = Math.min(count, Math.ceil((offset + room) / rowHeight) + OVERSCAN, first + MAX_ROWS);
  return { first, end, height, top: Math.max(0, scrollTop + first * rowHeight - offset) };
}

/**
 * The offset after the scroll bar moved. While all rows fit the bar it is the bar's own. Beyond, small moves (wheel,
 * keys) go pixel by pixel and large ones (dragging the bar) by its share.
 */
export function nextOffset(
  former: { offset: number; scrollTop: number },
  scrollTop: number,
  count: number,
  rowHeight: number,
  room: number,
): number {
  const whole = count * rowHeight;
  if (whole <= MAX_HEIGHT) return scrollTop;
  const most = Math.max(0, whole - room);
  const moved = scrollTop - former.scrollTop;
  const end = MAX_HEIGHT - room;
  if (scrollTop <= 0) return 0;
  if (scrollTop >= end - 1) return most;
  if (Math.abs(moved) < room * 2) return Math.min(most, Math.max(0, former.offset + moved));
  return (scrollTop / end) * most;
}

/** The rows to render, following scrolling and size of the element. `head` pixels of it lie over the rows. */
export function useRowWindow(element: RefObject<HTMLElement | null>, count: number, rowHeight: number, head: number) {
  const place = useRef({ offset: 0, scrollTop: 0 });
  const [window, setWindow] = useState<RowWindow>(() => rowWindow(count, rowHeight, 0, 0, 800));

  const update = useCallback(() => {
    const box = element.current;
    if (!box) return;
    const room = Math.max(0, box.clientHeight - head);
    const offset = nextOffset(place.current, box.scrollTop, count, rowHeight, room);
    place.current = { offset, scrollTop: box.scrollTop };
    const next = rowWindow(count, rowHeight, offset, box.scrollTop, room);
    // While the same rows are seen nothing is rendered; beyond MAX_HEIGHT they move by themselves.
    setWindow((present) =>
      present.first === next.first &&
      present.end === next.end &&
      present.height === next.height &&
      present.top === next.top
        ? present
        : next,
    );
  }, [element, count, rowHeight, head]);

  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return;
    update();
    const observer = new ResizeObserver(update);
    observer.observe(box);
    box.addEventListener("scroll", update, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener("scroll", update);
    };
  }, [element, update]);

  /** Brings a row into view. */
  const reveal = useCallback(
    (row: number) => {
      const box = element.current;
      if (!box) return;
      const room = Math.max(rowHeight, box.clientHeight - head);
      const top = row * rowHeight;
      const { offset } = place.current;
      const wanted = top < offset ? top : top + rowHeight > offset + room ? top + rowHeight - room : offset;
      if (wanted === offset) return;
      const whole = count * rowHeight;
      if (whole <= MAX_HEIGHT || Math.abs(wanted - offset) < room * 2) box.scrollTop += wanted - offset;
      else box.scrollTop = (wanted / (whole - room)) * (MAX_HEIGHT - room);
      update();
    },
    [element, count, rowHeight, head, update],
  );
  return { window, reveal };
}

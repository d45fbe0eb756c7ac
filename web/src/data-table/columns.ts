import type { ReactNode } from "react";

export type Direction = "ASC" | "DESC";
export type Sort = { id: string; direction: Direction };

export type Column<Row> = {
  id: string;
  title: string;
  /** In pixels. */
  width: number;
  align?: "start" | "end";
  isSortable?: boolean;
  /** What the header shows on hover: what the column means. */
  hint?: string | undefined;
  cell: (row: Row) => ReactNode;
};

export const MIN_WIDTH = 64;
export const MAX_WIDTH = 900;

/** What one click on a header makes of the order: up, down, none; with `isAdded` beside the others. */
export function nextSort(sorts: readonly Sort[], id: string, isAdded: boolean): Sort[] {
  const present = sorts.find((sort) => sort.id === id);
  const others = isAdded ? sorts.filter((sort) => sort.id !== id) : [];
  if (!present) return [...others, { id, direction: "ASC" }];
  if (present.direction === "ASC") {
    const turned: Sort = { id, direction: "DESC" };
    return isAdded ? sorts.map((sort) => (sort.id === id ? turned : sort)) : [turned];
  }
  return others;
}

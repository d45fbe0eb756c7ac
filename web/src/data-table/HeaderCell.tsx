import { clsx } from "clsx";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type PointerEvent, useRef } from "react";
import { Checkbox } from "@/ui/Checkbox";
import { type Column, MAX_WIDTH, MIN_WIDTH, type Sort } from "./columns";
import type { Selection } from "./DataTable";

type HeaderCellProps<Item> = {
  column: Column<Item>;
  cell: string;
  columnIndex: number;
  left: number | undefined;
  isActive: boolean;
  sort: Sort | undefined;
  /** Its place among several sorts, from 1. */
  rank: number;
  onSort: ((id: string, isAdded: boolean) => void) | undefined;
  onResize: ((id: string, width: number) => void) | undefined;
};

/** A column's title: sorts (with Shift beside the others), and its edge changes the width. */
export function HeaderCell<Item>(props: HeaderCellProps<Item>) {
  const { column, cell, columnIndex, left, isActive, sort, rank, onSort, onResize } = props;
  const canSort = column.isSortable && onSort;
  const Arrow = sort?.direction === "DESC" ? ArrowDown : ArrowUp;
  const content = (
    <>
      <span className="truncate">{column.title}</span>
      {sort && <Arrow aria-hidden className="size-3 shrink-0 text-accent" />}
      {sort && rank > 0 && <span className="tnum text-accent">{rank}</span>}
    </>
  );
  const className = clsx(
    "flex h-full w-full min-w-0 items-center gap-1 px-2.5 font-medium text-meta outline-offset-[-2px]",
    column.align === "end" && "justify-end",
    sort ? "text-fg" : "text-muted",
  );
  return (
    <div
      role="columnheader"
      aria-colindex={columnIndex}
      aria-sort={sort ? (sort.direction === "ASC" ? "ascending" : "descending") : canSort ? "none" : undefined}
      style={left === undefined ? undefined : { left }}
      title={column.hint}
      className={clsx("relative min-w-0", left !== undefined && "sticky z-10 bg-bg")}
    >
      {canSort ? (
        <button
          type="button"
          data-cell={cell}
          tabIndex={isActive ? 0 : -1}
          onClick={(event) => onSort(column.id, event.shiftKey)}
          className={clsx(className, "hover:text-fg")}
        >
          {content}
        </button>
      ) : (
        <span data-cell={cell} tabIndex={isActive ? 0 : -1} className={className}>
          {content}
        </span>
      )}
      {onResize && <Edge column={column} onResize={onResize} />}
    </div>
  );
}

/** The edge of a column, to be dragged. Keyboards change widths in the column menu. */
function Edge<Item>({ column, onResize }: { column: Column<Item>; onResize: (id: string, width: number) => void }) {
  const began = useRef<{ x: number; width: number } | null>(null);
  const onPointerDown = (event: PointerEvent<HTMLSpanElement>) => {
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    began.current = { x: event.clientX, width: column.width };
  };
  const onPointerMove = (event: PointerEvent<HTMLSpanElement>) => {
    if (!began.current) return;
    const width = began.current.width + event.clientX - began.current.x;
    onResize(column.id, Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width))));
  };
  const end = () => {
    began.current = null;
  };
  return (
    <span
      aria-hidden
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={end}
      onPointerCancel={end}
      className="absolute inset-y-0 right-0 w-2 cursor-col-resize touch-none border-line border-r hover:border-accent hover:border-r-2"
    />
  );
}

function Check({ selection, left, isActive }: { selection: Selection; left: number; isActive: boolean }) {
  return (
    <div
      role="columnheader"
      aria-colindex={1}
      style={{ left }}
      className="sticky z-10 flex items-center justify-center bg-bg"
    >
      <span data-cell="-1:0" tabIndex={-1} className="contents">
        <Checkbox
          checked={selection.extent === "all"}
          isPartial={selection.extent === "some"}
          onChange={selection.toggleAll}
          tabIndex={isActive ? 0 : -1}
          aria-label="Choose all rows"
        />
      </span>
    </div>
  );
}
HeaderCell.Check = Check;

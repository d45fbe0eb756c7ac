import { clsx } from "clsx";
import { type CSSProperties, type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { Column, Sort } from "./columns";
import { HeaderCell } from "./HeaderCell";
import { Row } from "./Row";
import { useRowWindow } from "./useRowWindow";

export type Density = "compact" | "default" | "comfortable";
export const ROW_HEIGHT: Record<Density, number> = { compact: 28, default: 36, comfortable: 44 };
const HEAD = 32;
const CHECK = 36;

/** Which rows are chosen, for tables where rows can be. */
export type Selection = {
  has: (key: string) => boolean;
  /** All, some or none of what there is. */
  extent: "all" | "some" | "none";
  toggle: (key: string, index: number, isRange: boolean) => void;
  toggleAll: () => void;
};

type DataTableProps<Item> = {
  /** Its name for screen readers. */
  label: string;
  columns: ReadonlyArray<Column<Item>>;
  /** How many of the columns stay when scrolled sideways. */
  pinned?: number;
  /** How many rows there are. */
  count: number;
  /** Undefined while the row is on its way. */
  rowAt: (index: number) => Item | undefined;
  rowKey: (row: Item) => string;
  onVisible?: (first: number, end: number) => void;
  sort?: readonly Sort[];
  onSort?: (id: string, isAdded: boolean) => void;
  density?: Density;
  selection?: Selection | undefined;
  /** For rows that take the whole width, such as a group's line: what is in them. */
  fullRow?: (row: Item) => ReactNode;
  /** Enter on a row, or a click beside its links. */
  onOpen?: (row: Item) => void;
  /** The row that is open beside the table. */
  openKey?: string | undefined;
  onResize?: (id: string, width: number) => void;
  /** What stands where rows would, when there are none. */
  empty?: ReactNode;
  isOld?: boolean;
};

/**
 * A table of any length: about 40 rows are in the document, whatever the count. A grid for screen readers, in which arrow
 * keys move from cell to cell, Enter opens, Space chooses.
 */
export function DataTable<Item>(props: DataTableProps<Item>) {
  const { label, columns, pinned = 1, count, rowAt, rowKey, onVisible, sort = [], onSort, selection } = props;
  const { density = "default", fullRow, onOpen, openKey, onResize, empty, isOld = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const height = ROW_HEIGHT[density];
  const { window, reveal } = useRowWindow(box, count, height, HEAD);
  const [active, setActive] = useState({ row: 0, column: 0 });
  // Where the focus is going: keys that come before it is there count from it.
  const aim = useRef<{ row: number; column: number }>(undefined);
  const { first, end } = window;
  useEffect(() => onVisible?.(first, end), [onVisible, first, end]);

  const lead = selection ? 1 : 0;
  const layout = useMemo(() => {
    const widths = [...(selection ? [CHECK] : []), ...columns.map((column) => column.width)];
    let left = 0;
    const lefts = widths.map((width, index) => {
      const at = left;
      left += width;
      return index < pinned + lead ? at : undefined;
    });
    const width = widths.reduce((sum, one) => sum + one, 0);
    const pinnedWidth = widths.slice(0, pinned + lead).reduce((sum, one) => sum + one, 0);
    return { lefts, width, pinnedWidth, template: `${widths.map((one) => `${one}px`).join(" ")} minmax(0, 1fr)` };
  }, [columns, pinned, lead, selection]);

  const move = (row: number, column: number) => {
    const next = {
      row: Math.min(count - 1, Math.max(-1, row)),
      column: Math.min(columns.length + lead - 1, Math.max(0, column)),
    };
    setActive(next);
    aim.current = next;
    if (next.row >= 0) reveal(next.row);
    requestAnimationFrame(() => {
      if (aim.current !== next) return;
      aim.current = undefined;
      const cell = box.current?.querySelector<HTMLElement>(`[data-cell="${next.row}:${next.column}"]`);
      if (!cell || !box.current) return;
      cell.focus({ preventScroll: true });
      revealSideways(box.current, cell, layout.pinnedWidth);
    });
  };

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>("[data-cell]");
    if (!cell || event.altKey) return;
    const [atRow = 0, atColumn = 0] = (cell.dataset.cell ?? "").split(":").map(Number);
    const { row, column } = aim.current ?? { row: atRow, column: atColumn };
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 400) / height) - 2);
    const isFar = event.ctrlKey || event.metaKey;
    const steps: Record<string, [number, number]> = {
      ArrowDown: [row + 1, column],
      ArrowUp: [row - 1, column],
      ArrowRight: [row, column + 1],
      ArrowLeft: [row, column - 1],
      PageDown: [row + page, column],
      PageUp: [Math.max(0, row - page), column],
      Home: isFar ? [0, 0] : [row, 0],
      End: isFar ? [count - 1, column] : [row, columns.length],
    };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      move(step[0], step[1]);
      return;
    }
    if (event.target !== cell || row < 0) return;
    const item = rowAt(row);
    if (!item) return;
    if (event.key === "Enter") {
      event.preventDefault();
      const inside = cell.querySelector<HTMLElement>("a[href], button");
      if (inside && !event.shiftKey) inside.click();
      else onOpen?.(item);
    } else if (event.key === " " && selection) {
      event.preventDefault();
      selection.toggle(rowKey(item), row, event.shiftKey);
    }
  };

  const rows: ReactNode[] = [];
  for (let index = first; index < end; index++) {
    const item = rowAt(index);
    const key = item && rowKey(item);
    rows.push(
      <Row
        key={index}
        index={index}
        item={item}
        itemKey={key}
        columns={columns}
        lefts={layout.lefts}
        height={height}
        activeColumn={active.row === index ? active.column : undefined}
        isChosen={key !== undefined && (selection?.has(key) ?? false)}
        isOpen={key !== undefined && key === openKey}
        selection={selection}
        onOpen={onOpen}
        full={item && fullRow?.(item)}
      />,
    );
  }
  const isEmpty = count === 0;
  return (
    <div
      ref={box}
      role="grid"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length + lead}
      aria-busy={isOld}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      style={{ "--columns": layout.template } as CSSProperties}
      className={clsx(
        "relative min-h-0 grow overflow-auto overscroll-contain bg-surface outline-none [overflow-anchor:none]",
        isOld && "opacity-60 transition-opacity delay-150",
      )}
    >
      <div
        role="row"
        aria-rowindex={1}
        style={{ height: HEAD, minWidth: layout.width }}
        className="sticky top-0 z-20 grid grid-cols-(--columns) border-line border-b bg-bg"
      >
        {selection && (
          <HeaderCell.Check selection={selection} left={0} isActive={active.row === -1 && active.column === 0} />
        )}
        {columns.map((column, at) => (
          <HeaderCell
            key={column.id}
            column={column}
            cell={`-1:${at + lead}`}
            columnIndex={at + lead + 1}
            left={layout.lefts[at + lead]}
            isActive={(active.row === -1 || isEmpty) && active.column === at + lead}
            sort={sort.find((one) => one.id === column.id)}
            rank={sort.length > 1 ? sort.findIndex((one) => one.id === column.id) + 1 : 0}
            onSort={onSort}
            onResize={onResize}
          />
        ))}
      </div>
      {isEmpty ? (
        <div role="row" className="sticky left-0 w-full max-w-[100cqw]">
          <div role="gridcell">{empty}</div>
        </div>
      ) : (
        <div role="presentation" style={{ height: window.height, minWidth: layout.width }} className="relative">
          <div
            role="presentation"
            style={{ transform: `translateY(${window.top}px)` }}
            className="absolute inset-x-0 top-0"
          >
            {rows}
          </div>
        </div>
      )}
    </div>
  );
}

/** Scrolls sideways until a cell is seen beside the columns that stay. */
function revealSideways(box: HTMLElement, cell: HTMLElement, pinnedWidth: number): void {
  const [room, own] = [box.getBoundingClientRect(), cell.getBoundingClientRect()];
  if (getComputedStyle(cell).position === "sticky") return;
  const left = room.left + pinnedWidth;
  if (own.left < left) box.scrollLeft -= left - own.left;
  else if (own.right > room.right) box.scrollLeft += Math.min(own.right - room.right, own.left - left);
}

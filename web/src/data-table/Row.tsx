import { clsx } from "clsx";
import { type MouseEvent, memo, type ReactNode } from "react";
import { Checkbox } from "@/ui/Checkbox";
import { Skeleton } from "@/ui/Skeleton";
import type { Column } from "./columns";
import type { Selection } from "./DataTable";

type RowProps<Item> = {
  index: number;
  item: Item | undefined;
  itemKey: string | undefined;
  columns: ReadonlyArray<Column<Item>>;
  lefts: ReadonlyArray<number | undefined>;
  height: number;
  /** Of the one cell that Tab leads to, where it is in this row. */
  activeColumn: number | undefined;
  isChosen: boolean;
  isOpen: boolean;
  selection: Selection | undefined;
  onOpen: ((row: Item) => void) | undefined;
  /** What stands across all columns instead of cells. */
  full: ReactNode;
};

function RowOf<Item>(props: RowProps<Item>) {
  const { index, item, itemKey, columns, lefts, height, activeColumn, isChosen, isOpen, selection, onOpen, full } =
    props;
  const lead = selection ? 1 : 0;
  const pinned = clsx(
    "sticky z-10",
    isChosen
      ? "bg-[color-mix(in_oklch,var(--accent-soft)_70%,var(--surface))]"
      : isOpen
        ? "bg-accent-soft"
        : "bg-surface group-hover:bg-[color-mix(in_oklch,var(--fg)_4%,var(--surface))]",
  );
  const onClick = (event: MouseEvent) => {
    if (!item || !onOpen) return;
    if ((event.target as Element).closest("a, button, input, label, [role=checkbox]")) return;
    if (getSelection()?.toString()) return;
    onOpen(item);
  };
  if (full) {
    return (
      <div role="row" aria-rowindex={index + 2} style={{ height }} className="border-line/70 border-b bg-bg">
        <div
          role="gridcell"
          data-cell={`${index}:0`}
          aria-colspan={columns.length + lead}
          tabIndex={activeColumn === undefined ? -1 : 0}
          className="sticky left-0 flex h-full w-fit min-w-0 max-w-[calc(100vw-14rem)] items-center px-2.5 outline-offset-[-2px]"
        >
          {full}
        </div>
      </div>
    );
  }
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the table handles Enter for the cell in focus
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selection ? isChosen : undefined}
      onClick={onClick}
      style={{ height }}
      className={clsx(
        "group grid grid-cols-(--columns) border-line/70 border-b",
        isChosen
          ? "bg-accent-soft/70"
          : isOpen
            ? "bg-accent-soft"
            : "hover:bg-[color-mix(in_oklch,var(--fg)_4%,var(--surface))]",
        onOpen && item && "cursor-default",
      )}
    >
      {selection && (
        <div
          role="gridcell"
          aria-colindex={1}
          data-cell={`${index}:0`}
          tabIndex={activeColumn === 0 ? 0 : -1}
          style={{ left: 0 }}
          className={clsx("flex items-center justify-center outline-offset-[-2px]", pinned)}
        >
          {itemKey !== undefined && (
            <span
              onClickCapture={(event) => {
                event.preventDefault();
                event.stopPropagation();
                selection.toggle(itemKey, index, event.shiftKey);
              }}
            >
              <Checkbox checked={isChosen} onChange={() => {}} tabIndex={-1} aria-label={`Choose row ${index + 1}`} />
            </span>
          )}
        </div>
      )}
      {columns.map((column, at) => {
        const left = lefts[at + lead];
        return (
          <div
            key={column.id}
            role="gridcell"
            aria-colindex={at + lead + 1}
            data-cell={`${index}:${at + lead}`}
            tabIndex={activeColumn === at + lead ? 0 : -1}
            style={left === undefined ? undefined : { left }}
            className={clsx(
              "flex min-w-0 items-center overflow-hidden px-2.5 outline-offset-[-2px]",
              column.align === "end" && "tnum justify-end",
              left !== undefined && pinned,
            )}
          >
            {item === undefined ? (
              <Skeleton className={clsx("h-3", ["w-3/5", "w-2/5", "w-1/2"][(index + at) % 3])} />
            ) : (
              column.cell(item)
            )}
          </div>
        );
      })}
    </div>
  );
}

/** Rendered again only where something of the row itself is another. */
export const Row = memo(RowOf) as typeof RowOf;

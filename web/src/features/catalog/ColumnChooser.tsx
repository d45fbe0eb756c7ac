import { ArrowDown, ArrowUp, Minus, Pin, Plus } from "lucide-react";
import { useState } from "react";
import { MAX_WIDTH, MIN_WIDTH } from "@/data-table/columns";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { IconButton } from "@/ui/IconButton";
import { Input } from "@/ui/Input";
import type { ChangeView } from "./CatalogPage";
import type { CatalogColumn } from "./columns";
import { writeColumns } from "./view";

type ColumnChooserProps = {
  all: readonly CatalogColumn[];
  chosen: readonly CatalogColumn[];
  pinned: number;
  isChanged: boolean;
  onChange: ChangeView;
};

/** Step of the buttons that change a width, in pixels. */
const STEP = 40;

/** Which columns are shown, in what order, how wide, and which stay when scrolled sideways. */
export function ColumnChooser({ all, chosen, pinned, isChanged, onChange }: ColumnChooserProps) {
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const fits = (column: CatalogColumn) => `${column.title} ${column.id}`.toLowerCase().includes(wanted);
  const hidden = all.filter((column) => !chosen.some((one) => one.id === column.id));
  const set = (columns: readonly CatalogColumn[]) =>
    onChange({ columns: writeColumns(columns.map(({ id, width }) => ({ id, width }))) });
  const move = (from: number, to: number) => {
    const column = chosen[from];
    if (column) set(chosen.toSpliced(from, 1).toSpliced(to, 0, column));
  };
  return (
    <div className="flex flex-col gap-2">
      <Input
        type="search"
        aria-label="Find a column"
        placeholder="Find a column"
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="h-7!"
      />
      <ul className="-mx-1 max-h-90 overflow-y-auto">
        {chosen.map((column, index) =>
          fits(column) ? (
            <li key={column.id} className="group flex h-8 items-center gap-1 rounded-md px-1 hover:bg-hover">
              <Checkbox
                checked
                disabled={chosen.length === 1}
                onChange={() => set(chosen.toSpliced(index, 1))}
                className="min-w-0 grow"
              >
                <span className="truncate">{column.title}</span>
              </Checkbox>
              <span className="flex opacity-0 focus-within:opacity-100 group-hover:opacity-100">
                <IconButton
                  size="xs"
                  icon={Minus}
                  label={`Narrower: ${column.title}`}
                  onClick={() =>
                    set(
                      chosen.map((one) =>
                        one.id === column.id ? { ...one, width: Math.max(MIN_WIDTH, one.width - STEP) } : one,
                      ),
                    )
                  }
                />
                <IconButton
                  size="xs"
                  icon={Plus}
                  label={`Wider: ${column.title}`}
                  onClick={() =>
                    set(
                      chosen.map((one) =>
                        one.id === column.id ? { ...one, width: Math.min(MAX_WIDTH, one.width + STEP) } : one,
                      ),
                    )
                  }
                />
                <IconButton
                  size="xs"
                  icon={ArrowUp}
                  label={`Up: ${column.title}`}
                  disabled={index === 0}
                  onClick={() => move(index, index - 1)}
                />
                <IconButton
                  size="xs"
                  icon={ArrowDown}
                  label={`Down: ${column.title}`}
                  disabled={index === chosen.length - 1}
                  onClick={() => move(index, index + 1)}
                />
              </span>
              <IconButton
                size="xs"
                icon={Pin}
                isPressed={index < pinned}
                label={index < pinned ? `Let go from ${column.title} on` : `Keep in place up to ${column.title}`}
                className={index < pinned ? "" : "opacity-0 focus:opacity-100 group-hover:opacity-100"}
                disabled={index > 3}
                onClick={() => onChange({ pin: index < pinned ? index : index + 1 })}
              />
            </li>
          ) : null,
        )}
        {hidden.filter(fits).map((column) => (
          <li key={column.id} className="flex h-8 items-center rounded-md px-1 hover:bg-hover">
            <Checkbox checked={false} onChange={() => set([...chosen, column])} className="min-w-0 grow">
              <span className="truncate text-muted">{column.title}</span>
            </Checkbox>
          </li>
        ))}
      </ul>
      {isChanged && (
        <Button variant="ghost" onClick={() => onChange({ columns: undefined, pin: undefined })}>
          Columns as at first
        </Button>
      )}
    </div>
  );
}

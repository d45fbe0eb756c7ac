import { Dialog } from "@base-ui/react/dialog";
import { useNavigate } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Search } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { useApiQuery } from "@/lib/api/hooks";
import { useDebounced } from "@/lib/useDebounced";
import { Spinner } from "@/ui/Spinner";
import { PaletteSearch } from "./palette.gql";
import { type PaletteItem, usePaletteItems } from "./paletteItems";

/** How long after the last key the server is asked, in milliseconds. */
const PAUSE = 100;

/** Goes anywhere: entities, blueprints, pages, commands. */
export default function CommandPalette({ onClose, onShortcuts }: { onClose: () => void; onShortcuts: () => void }) {
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const wanted = text.trim();
  const asked = useDebounced(wanted, PAUSE);
  const { data, isFetching, error } = useApiQuery(
    PaletteSearch,
    { text: asked },
    { enabled: asked !== "", keep: true, fresh: 5_000 },
  );
  const groups = usePaletteItems(wanted, wanted === "" ? [] : (data?.search.nodes ?? []), onShortcuts);
  const items = groups.flatMap((group) => group.items);
  const chosen = Math.min(active, items.length - 1);
  const navigate = useNavigate();
  const list = useRef<HTMLDivElement>(null);
  const id = useId();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another text begins at the top
  useEffect(() => setActive(0), [wanted]);
  useEffect(() => {
    list.current?.querySelector(`[data-index="${chosen}"]`)?.scrollIntoView({ block: "nearest" });
  }, [chosen]);

  const open = (item: PaletteItem | undefined) => {
    if (!item) return;
    onClose();
    if (item.run) item.run();
    else void navigate(item.link);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && items.length > 0) {
      event.preventDefault();
      setActive((chosen + step + items.length) % items.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      open(items[chosen]);
    }
  };

  let index = -1;
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-backdrop" />
        <Dialog.Popup
          aria-label="Find anything"
          className="fixed top-[12vh] left-1/2 z-40 flex max-h-[70vh] w-[min(40rem,calc(100vw-1.5rem))] -translate-x-1/2 flex-col overflow-hidden rounded-lg border border-line bg-raised shadow-floating outline-none"
        >
          <div className="flex h-12 shrink-0 items-center gap-2.5 border-line border-b px-4">
            <Search aria-hidden className="size-4 shrink-0 text-muted" />
            <input
              role="combobox"
              aria-expanded
              aria-controls={`${id}-list`}
              aria-activedescendant={items.length > 0 ? `${id}-${chosen}` : undefined}
              aria-label="Find entities, blueprints and pages"
              placeholder="Find entities, blueprints and pages"
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={onKeyDown}
              className="min-w-0 grow bg-transparent text-section outline-none"
            />
            {isFetching && <Spinner className="text-muted" />}
          </div>
          <div ref={list} id={`${id}-list`} role="listbox" aria-label="Found" className="min-h-0 overflow-y-auto p-1.5">
            {groups.map((group) => (
              <div key={group.title} role="group" aria-label={group.title}>
                <div aria-hidden className="px-2.5 pt-2 pb-1 font-medium text-meta text-muted">
                  {group.title}
                </div>
                {group.items.map((item) => {
                  index += 1;
                  const at = index;
                  return (
                    // biome-ignore lint/a11y/useKeyWithClickEvents: its keys are handled in the text
                    <div
                      key={item.key}
                      id={`${id}-${at}`}
                      role="option"
                      aria-selected={at === chosen}
                      data-index={at}
                      onPointerMove={() => setActive(at)}
                      onClick={() => open(item)}
                      className={clsx(
                        "flex min-h-8 cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1",
                        at === chosen && "bg-hover",
                      )}
                    >
                      {item.icon}
                      <span className="min-w-0 grow truncate">{item.title}</span>
                      {item.hint && (
                        <span className="max-w-1/2 shrink-0 truncate text-meta text-muted">{item.hint}</span>
                      )}
                    </div>
                  );
                })}
              </div>
            ))}
          </div>
          <p role="status" className="shrink-0 px-4 py-2 text-meta text-muted empty:hidden">
            {error
              ? `Entities could not be searched: ${error.message}`
              : items.length === 0 && !isFetching && asked === wanted
                ? "Nothing is called like that. Titles and identifiers are searched from the beginning of a word."
                : null}
          </p>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

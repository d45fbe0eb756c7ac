import { clsx } from "clsx";
import { lazy, Suspense, useEffect } from "react";
import { useHotkey } from "@/lib/hotkeys";
import { useStore } from "@/lib/store";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Page } from "@/ui/Page";
import { SkeletonLines } from "@/ui/Skeleton";
import { BlueprintTable } from "./BlueprintTable";
import { type Designer, DesignerContext } from "./designer";
import { Dialogs } from "./dialogs/Dialogs";
import { redo, undo } from "./draft/drafts";
import { design } from "./draft/store";
import { EmptyModel } from "./EmptyModel";
import { BlueprintPanel } from "./panel/BlueprintPanel";
import { ResizablePanel } from "./panel/ResizablePanel";
import type { Search } from "./search";
import { Toolbar } from "./Toolbar";
import { useDesignerState } from "./useDesignerState";

const Canvas = lazy(() => import("./canvas/Canvas"));

/** The blueprints of a tenant, to be seen and designed. */
export function BlueprintsPage({ search, onChange }: { search: Search; onChange: Designer["onSearch"] }) {
  const { designer, dialog, closeDialog, isPending, error, retry } = useDesignerState(search, onChange);
  const isDialogOpen = dialog !== undefined;
  const { past, future } = useStore(design);
  useHotkey(
    "mod+z",
    "Undo",
    () => design.set(undo(design.get())),
    designer.canEdit && !isDialogOpen && past.length > 0,
  );
  useHotkey(
    "mod+y",
    "Redo",
    () => design.set(redo(design.get())),
    designer.canEdit && !isDialogOpen && future.length > 0,
  );
  useShiftedRedo(designer.canEdit && !isDialogOpen);

  const isEmpty = !isPending && !error && designer.model.blueprints.length === 0;
  const isList = search.view === "list";
  const main = isPending ? (
    <div className="p-6">
      <SkeletonLines count={6} label="Loading the blueprints" />
    </div>
  ) : error ? (
    <div className="max-w-180 p-6">
      <ErrorPanel error={error} title="The blueprints could not be loaded." onRetry={retry} />
    </div>
  ) : isEmpty ? (
    <EmptyModel />
  ) : isList ? (
    <BlueprintTable />
  ) : (
    <Suspense
      fallback={
        <div className="p-6">
          <SkeletonLines count={6} label="Loading the canvas" />
        </div>
      }
    >
      <Canvas />
    </Suspense>
  );
  return (
    <DesignerContext value={designer}>
      <Page title="Blueprints" isFull header={<Toolbar isLoaded={!isPending && !error} />}>
        <div className="relative flex min-h-0 grow">
          <div className={clsx("relative min-w-0 grow", isList && "overflow-auto")}>{main}</div>
          {search.blueprint !== undefined && !isPending && !error && (
            <ResizablePanel>
              <BlueprintPanel identifier={search.blueprint} />
            </ResizablePanel>
          )}
        </div>
      </Page>
      {dialog && <Dialogs dialog={dialog} onClose={closeDialog} />}
    </DesignerContext>
  );
}

/** Ctrl-Shift-Z, as many are used to. */
function useShiftedRedo(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return;
    const onKey = (event: KeyboardEvent) => {
      if (
        event.defaultPrevented ||
        !event.shiftKey ||
        !(event.ctrlKey || event.metaKey) ||
        event.key.toLowerCase() !== "z"
      )
        return;
      event.preventDefault();
      design.set(redo(design.get()));
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [isOn]);
}

import { lazy, Suspense } from "react";
import type { OpenDialog } from "../designer";
import { DeleteDialog } from "./DeleteDialog";
import { ImportDialog } from "./ImportDialog";
import { NewBlueprintDialog } from "./NewBlueprintDialog";
import { NewRelationDialog } from "./NewRelationDialog";
import { RenameDialog } from "./RenameDialog";

const PublishDialog = lazy(() => import("../publish/PublishDialog"));
const MergeDialog = lazy(() => import("../publish/MergeDialog"));

/** The one dialog that is open. */
export function Dialogs({ dialog, onClose }: { dialog: OpenDialog; onClose: () => void }) {
  switch (dialog.kind) {
    case "blueprint":
      return <NewBlueprintDialog {...(dialog.position ? { position: dialog.position } : {})} onClose={onClose} />;
    case "relation":
      return (
        <NewRelationDialog
          source={dialog.source}
          {...(dialog.target === undefined ? {} : { target: dialog.target })}
          onClose={onClose}
        />
      );
    case "rename":
      return (
        <RenameDialog blueprint={dialog.blueprint} {...(dialog.part ? { part: dialog.part } : {})} onClose={onClose} />
      );
    case "delete":
      return <DeleteDialog identifier={dialog.blueprint} onClose={onClose} />;
    case "import":
      return <ImportDialog onClose={onClose} />;
    case "merge":
      return (
        <Suspense>
          <MergeDialog identifier={dialog.blueprint} onClose={onClose} />
        </Suspense>
      );
    case "publish":
      return (
        <Suspense>
          <PublishDialog onClose={onClose} />
        </Suspense>
      );
  }
}

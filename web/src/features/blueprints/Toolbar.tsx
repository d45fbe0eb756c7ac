import { Download, Ellipsis, LayoutList, Plus, Redo2, RotateCcw, Undo2, Upload, Waypoints } from "lucide-react";
import { useState } from "react";
import { useRoleReason } from "@/lib/session/useMember";
import { useStore } from "@/lib/store";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { IconButton } from "@/ui/IconButton";
import { Menu, MenuItem, MenuSeparator } from "@/ui/Menu";
import { Segmented } from "@/ui/Segmented";
import { useDesigner } from "./designer";
import { redo, undo } from "./draft/drafts";
import { design } from "./draft/store";
import { exportModel } from "./exchange";

/** What can be done with the model as a whole. */
export function Toolbar({ isLoaded }: { isLoaded: boolean }) {
  const { model, server, drafts, search, canEdit, onSearch, openDialog, changeDrafts } = useDesigner();
  const { past, future } = useStore(design);
  const reason = useRoleReason("ADMIN");
  const [isDiscarding, setDiscarding] = useState(false);
  const count = Object.keys(drafts).length;
  return (
    <header className="flex min-h-11 shrink-0 flex-wrap items-center gap-x-2 gap-y-1 border-line border-b bg-surface px-3 py-1.5 sm:px-4">
      <h1 className="mr-1 font-semibold text-section">Blueprints</h1>
      <Segmented
        label="View"
        value={search.view ?? "canvas"}
        onChange={(view) => onSearch({ view: view === "list" ? "list" : undefined })}
        options={[
          { value: "canvas", label: "Canvas", icon: Waypoints },
          { value: "list", label: "List", icon: LayoutList },
        ]}
      />
      <span className="grow" />
      {canEdit && (
        <>
          <IconButton
            icon={Undo2}
            label="Undo"
            keys="mod+z"
            disabled={past.length === 0}
            onClick={() => design.set(undo(design.get()))}
          />
          <IconButton
            icon={Redo2}
            label="Redo"
            keys="mod+y"
            disabled={future.length === 0}
            onClick={() => design.set(redo(design.get()))}
          />
        </>
      )}
      <Menu align="end" trigger={<IconButton icon={Ellipsis} label="More" />}>
        {canEdit && (
          <MenuItem icon={Upload} onSelect={() => openDialog({ kind: "import" })}>
            Import JSON…
          </MenuItem>
        )}
        <MenuItem
          icon={Download}
          disabled={!isLoaded}
          onSelect={() => exportModel(model.blueprints, "blueprints.json")}
        >
          Export all as JSON
        </MenuItem>
        {search.blueprint !== undefined && (
          <MenuItem
            icon={Download}
            onSelect={() =>
              exportModel(
                model.blueprints.filter((one) => one.identifier === search.blueprint),
                `${search.blueprint}.json`,
              )
            }
          >
            Export the chosen one
          </MenuItem>
        )}
        {canEdit && count > 0 && (
          <>
            <MenuSeparator />
            <MenuItem icon={RotateCcw} isDanger onSelect={() => setDiscarding(true)}>
              Discard all drafts…
            </MenuItem>
          </>
        )}
      </Menu>
      <Button
        icon={Plus}
        disabledReason={reason}
        disabled={!isLoaded}
        onClick={() => openDialog({ kind: "blueprint" })}
      >
        New blueprint
      </Button>
      {canEdit && (
        <Button variant="primary" disabled={count === 0} onClick={() => openDialog({ kind: "publish" })}>
          {count === 0 ? "Publish" : `Review and publish ${count}`}
        </Button>
      )}
      <ConfirmDialog
        isOpen={isDiscarding}
        onClose={() => setDiscarding(false)}
        title="Discard all drafts?"
        action="Discard"
        isDanger
        onConfirm={() => {
          changeDrafts("discard all", () => ({}));
          setDiscarding(false);
          if (search.blueprint !== undefined && !server.get(search.blueprint))
            onSearch({ blueprint: undefined, at: undefined });
        }}
      >
        <p>
          {count === 1 ? "One blueprint goes" : `${count} blueprints go`} back to what is published. Undo brings the
          drafts back as long as this page is open.
        </p>
      </ConfirmDialog>
    </header>
  );
}

import { useNavigate } from "@tanstack/react-router";
import { MoreHorizontal, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { EntityFormDrawer } from "@/entity-form/EntityFormDrawer";
import type { WholeEntity } from "@/entity-values/useEntity";
import { hasCode } from "@/lib/api/error";
import { useApiMutation } from "@/lib/api/hooks";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { useHotkey } from "@/lib/hotkeys";
import { notify } from "@/lib/notify";
import { useRoleReason } from "@/lib/session/useMember";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { IconButton } from "@/ui/IconButton";
import { Menu, MenuItem } from "@/ui/Menu";
import { DeleteEntity } from "./entity.gql";

/** What can be done with an entity. */
export function EntityMenu({ blueprint, entity }: { blueprint: BlueprintDefinition; entity: WholeEntity }) {
  const [isDeleting, setDeleting] = useState(false);
  const [isEditing, setEditing] = useState(false);
  const [withDependents, setWithDependents] = useState(false);
  const reason = useRoleReason("MEMBER");
  const navigate = useNavigate();
  const name = entity.title || entity.identifier;
  const remove = useApiMutation(DeleteEntity, {
    isShown: true,
    onDone: () => {
      notify(`${name} is deleted`);
      void navigate({ to: "/catalog/$blueprint", params: { blueprint: blueprint.identifier } });
    },
  });
  useHotkey("e", "Edit the entity", () => setEditing(true), reason === undefined);
  const onSaved = (identifier: string) => {
    setEditing(false);
    if (identifier === entity.identifier) return;
    void navigate({
      to: "/entity/$blueprint/$identifier",
      params: { blueprint: blueprint.identifier, identifier },
      replace: true,
    });
  };
  return (
    <>
      <Button icon={Pencil} size="md" disabledReason={reason} onClick={() => setEditing(true)}>
        Edit
      </Button>
      {isEditing && (
        <EntityFormDrawer blueprint={blueprint} entity={entity} onClose={() => setEditing(false)} onSaved={onSaved} />
      )}
      <Menu align="end" trigger={<IconButton icon={MoreHorizontal} label="More" size="md" />}>
        <MenuItem
          icon={Trash2}
          isDanger
          disabled={reason !== undefined}
          hint={reason && "takes the role of a member"}
          onSelect={() => setDeleting(true)}
        >
          Delete…
        </MenuItem>
      </Menu>
      <ConfirmDialog
        isOpen={isDeleting}
        onClose={() => {
          setDeleting(false);
          remove.reset();
        }}
        title={`Delete ${blueprint.title} ${name}?`}
        action="Delete"
        isDanger
        isBusy={remove.isPending}
        error={remove.error}
        onConfirm={() =>
          remove.mutate({
            blueprint: blueprint.identifier,
            identifier: entity.identifier,
            deleteDependents: withDependents,
          })
        }
      >
        <p>
          Its values, relations and history are gone then. What an integration finds again comes back with its next
          sync.
        </p>
        {hasCode(remove.error, "HAS_DEPENDENTS") && (
          <Checkbox checked={withDependents} onChange={setWithDependents}>
            Delete also what requires it
          </Checkbox>
        )}
      </ConfirmDialog>
    </>
  );
}

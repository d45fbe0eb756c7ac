import { useState } from "react";
import { EntityByIdentifier } from "@/entity-values/entity-values.gql";
import { useEntity, type WholeEntity } from "@/entity-values/useEntity";
import { hasCode } from "@/lib/api/error";
import { useApiMutation } from "@/lib/api/hooks";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { notify } from "@/lib/notify";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Drawer } from "@/ui/Drawer";
import { changedFields, type Draft, draftOf, EMPTY } from "./draft";
import { EntityFields } from "./EntityFields";
import { RenameEntity, SaveEntity } from "./entity-form.gql";

type EntityFormDrawerProps = {
  blueprint: BlueprintDefinition;
  /** The entity to edit; without it, a new one is made. */
  entity?: WholeEntity | undefined;
  onClose: () => void;
  /** With the identifier that it has now. */
  onSaved: (identifier: string) => void;
};

/** A form for a new entity, or for one there is. What was typed survives failures, and closing asks first. */
export function EntityFormDrawer({ blueprint, entity, onClose, onSaved }: EntityFormDrawerProps) {
  const [before, setBefore] = useState<Draft>(() => (entity ? draftOf(entity) : EMPTY));
  const [revision, setRevision] = useState(entity?.revision);
  const [draft, setDraft] = useState(before);
  const [isLeaving, setLeaving] = useState(false);
  const present = useEntity(blueprint.identifier, entity?.identifier);
  const settings = { isShown: true, invalidates: [EntityByIdentifier] };
  const save = useApiMutation(SaveEntity, settings);
  const rename = useApiMutation(RenameEntity, settings);
  const fields = changedFields(before, draft);
  const isRenamed = entity !== undefined && draft.identifier !== before.identifier;
  const isChanged = Object.keys(fields).length > 0 || draft.identifier !== before.identifier;
  const error = save.error ?? rename.error;
  const isConflict = hasCode(error, "CONFLICT");

  const done = (identifier: string) => {
    notify(`${draft.title || identifier} is ${entity ? "saved" : "made"}`);
    onSaved(identifier);
  };
  const submit = () => {
    save.reset();
    rename.reset();
    if (isRenamed) {
      const input = { blueprint: blueprint.identifier, identifier: before.identifier, ...fields };
      rename.mutate(
        { input, newIdentifier: draft.identifier, ifRevision: revision ?? null },
        { onSuccess: ({ updateEntity }) => done(updateEntity.entity?.identifier ?? draft.identifier) },
      );
      return;
    }
    const identifier = entity?.identifier ?? (draft.identifier.trim() || undefined);
    const input = { blueprint: blueprint.identifier, ...(identifier ? { identifier } : {}), ...fields };
    save.mutate(
      { input, ifRevision: entity ? (revision ?? null) : 0 },
      { onSuccess: ({ upsertEntity }) => done(upsertEntity.entity?.identifier ?? identifier ?? "") },
    );
  };
  /** Takes the other's values for whatever was not edited here, and goes on from there. */
  const takeOver = async () => {
    const latest = await present.reload();
    if (!latest) return;
    const theirs = draftOf(latest);
    setBefore(theirs);
    setRevision(latest.revision);
    const { properties = {}, relations = {}, ...rest } = fields;
    setDraft({
      ...theirs,
      identifier: draft.identifier,
      title: rest.title === undefined ? theirs.title : draft.title,
      icon: rest.icon === undefined ? theirs.icon : draft.icon,
      team: rest.team === undefined ? theirs.team : draft.team,
      properties: { ...theirs.properties, ...properties },
      relations: { ...theirs.relations, ...relations },
    });
    save.reset();
    rename.reset();
  };
  const leave = () => (isChanged ? setLeaving(true) : onClose());
  return (
    <>
      <Drawer
        isOpen
        onClose={leave}
        width="wide"
        title={entity ? `Edit ${entity.title || entity.identifier}` : `New ${blueprint.title}`}
        footer={
          <>
            <Button onClick={leave}>Cancel</Button>
            {isConflict && <Button onClick={() => void takeOver()}>Load theirs, keep my changes</Button>}
            <Button
              type="submit"
              form="entity-form"
              variant="primary"
              isBusy={save.isPending || rename.isPending}
              disabled={!isChanged}
            >
              {entity ? "Save" : "Make"}
            </Button>
          </>
        }
      >
        <form
          id="entity-form"
          className="p-4"
          onSubmit={(event) => {
            event.preventDefault();
            if (isChanged) submit();
          }}
        >
          <EntityFields
            blueprint={blueprint}
            draft={draft}
            onChange={setDraft}
            isNew={!entity}
            origins={entity?.origins ?? []}
            error={error}
          />
        </form>
      </Drawer>
      <ConfirmDialog
        isOpen={isLeaving}
        onClose={() => setLeaving(false)}
        title="Leave without saving?"
        action="Leave"
        isDanger
        onConfirm={onClose}
      >
        <p>What you changed in this form is lost then.</p>
      </ConfirmDialog>
    </>
  );
}

import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { call } from "@/lib/api/call";
import { messageAt, withoutPaths } from "@/lib/api/error";
import { Blueprints } from "@/lib/blueprint/model.gql";
import { notify } from "@/lib/notify";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { RenameBlueprint, RenameProperty, RenameRelation } from "../blueprints.gql";
import { folding, pinned } from "../canvas/place";
import { useDesigner } from "../designer";
import { identifierProblem, type Part, partOf, takenNames, withRenamedPart } from "../draft/definition";
import { definitionOf, withDefinition, withRenamedBlueprint } from "../draft/drafts";

type RenameDialogProps = { blueprint: string; part?: Part; onClose: () => void };

/**
 * Another identifier for a blueprint, property or relation. What is published is renamed at once, so that values stay and
 * what names it follows; what is a draft alone is renamed in the draft.
 */
export function RenameDialog({ blueprint, part, onClose }: RenameDialogProps) {
  const { server, model, drafts, changeDrafts, settleDrafts, select } = useDesigner();
  const client = useQueryClient();
  const present = part?.identifier ?? blueprint;
  const [text, setText] = useState(present);
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const definition = definitionOf(server, drafts, blueprint) ?? {};
  const isPublished = part
    ? partOf(server.get(blueprint)?.json ?? {}, part) !== undefined
    : server.get(blueprint) !== undefined;
  const taken = useMemo(() => {
    const names = part ? takenNames(definition) : new Set(model.blueprints.map((one) => one.identifier));
    names.delete(present);
    return names;
  }, [part, definition, model, present]);
  const problem = text === present ? undefined : identifierProblem(text, taken, !part);

  const renameDraft = () => {
    if (part)
      changeDrafts(`rename ${present}`, (all) =>
        withDefinition(server, all, blueprint, withRenamedPart(definition, part, text)),
      );
    else {
      changeDrafts(`rename ${present}`, (all) => withRenamedBlueprint(all, blueprint, text));
      follow(blueprint, text);
    }
    done();
  };
  const done = () => {
    onClose();
    if (part) select(blueprint, { ...part, identifier: text });
    else select(text);
  };
  const renamePublished = async () => {
    setBusy(true);
    setError(undefined);
    try {
      if (!part) await call(RenameBlueprint, { identifier: blueprint, to: text });
      else if (part.kind === "relation") await call(RenameRelation, { blueprint, identifier: present, to: text });
      else await call(RenameProperty, { blueprint, identifier: present, to: text });
      settleDrafts((all) => {
        const draft = all[blueprint];
        if (!draft) return part ? all : withRenamedBlueprint(all, blueprint, text);
        if (!part)
          return withRenamedBlueprint(
            { ...all, [blueprint]: { ...draft, base: { ...draft.base, identifier: text } } },
            blueprint,
            text,
          );
        const renamed = (json: typeof definition) => withRenamedPart(json, part, text);
        return {
          ...all,
          [blueprint]: { ...draft, base: draft.base && renamed(draft.base), definition: renamed(draft.definition) },
        };
      });
      if (!part) follow(blueprint, text);
      await client.invalidateQueries({ queryKey: [Blueprints.name] });
      notify(`Renamed to ${text}.`);
      done();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const canRename = text !== present && problem === undefined;
  return (
    <Dialog
      isOpen
      onClose={onClose}
      initialFocus={input}
      title={`Rename ${present}`}
      description={
        isPublished
          ? "This is done at once, not with the draft: values and relations of entities stay, and mirrors, aggregations, mappings and names in GraphQL follow."
          : "It is a draft, so nothing else has to follow."
      }
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form="rename" variant="primary" isBusy={isBusy} disabled={!canRename}>
            Rename
          </Button>
        </>
      }
    >
      <form
        id="rename"
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (canRename) void (isPublished ? renamePublished() : renameDraft());
        }}
      >
        <Field label="New identifier" error={problem ?? messageAt(error, "/to")}>
          <Input ref={input} isMono value={text} onChange={(event) => setText(event.target.value)} />
        </Field>
        <ErrorPanel error={withoutPaths(error, ["/to"])} title="It could not be renamed." />
      </form>
    </Dialog>
  );
}

/** A node that was moved or folded stays so under its new name. */
function follow(from: string, to: string): void {
  const { [from]: place, ...others } = pinned.get();
  if (place) pinned.set({ ...others, [to]: place });
  const fold = folding.get();
  if (fold.others.includes(from)) folding.set({ ...fold, others: fold.others.map((one) => (one === from ? to : one)) });
}

import { useMemo, useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { Combobox } from "@/ui/Combobox";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { ICON_NAMES, iconOf } from "@/ui/icons";
import { pinned } from "../canvas/place";
import { useDesigner } from "../designer";
import { identifierFor, identifierProblem } from "../draft/definition";
import { withNewBlueprint } from "../draft/drafts";

type NewBlueprintDialogProps = { position?: { x: number; y: number }; onClose: () => void };

/** A new blueprint, as a draft. */
export function NewBlueprintDialog({ position, onClose }: NewBlueprintDialogProps) {
  const { model, changeDrafts, select } = useDesigner();
  const [title, setTitle] = useState("");
  const [chosen, setChosen] = useState<string>();
  const [icon, setIcon] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const taken = useMemo(() => new Set(model.blueprints.map((one) => one.identifier)), [model]);
  const identifier = chosen ?? identifierFor(title, true);
  const problem = identifierProblem(identifier, taken, true);
  const icons = useMemo(
    () =>
      ICON_NAMES.map((name) => {
        const Icon = iconOf(name);
        return { value: name, label: name, icon: <Icon aria-hidden className="size-3.5 text-muted" /> };
      }),
    [],
  );
  const add = () => {
    if (problem || title.trim() === "") return;
    if (position)
      pinned.set({ ...pinned.get(), [identifier]: { x: Math.round(position.x) - 92, y: Math.round(position.y) - 32 } });
    changeDrafts(`new ${identifier}`, (drafts) =>
      withNewBlueprint(drafts, identifier, title.trim(), icon ?? undefined),
    );
    onClose();
    select(identifier);
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      initialFocus={input}
      title="New blueprint"
      description="A type of entity. It is a draft until it is published."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form="new-blueprint"
            variant="primary"
            disabled={problem !== undefined || title.trim() === ""}
          >
            Add
          </Button>
        </>
      }
    >
      <form
        id="new-blueprint"
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <Field label="Title" isRequired hint="One of them: Service, Cluster, Person.">
          <Input ref={input} value={title} maxLength={100} onChange={(event) => setTitle(event.target.value)} />
        </Field>
        <Field
          label="Identifier"
          isRequired
          hint="Names it in queries, mappings and links."
          error={title !== "" && problem}
        >
          <Input isMono value={identifier} onChange={(event) => setChosen(event.target.value)} />
        </Field>
        <Field label="Icon">
          <Combobox value={icon} options={icons} placeholder="By its name" onChange={setIcon} />
        </Field>
      </form>
    </Dialog>
  );
}

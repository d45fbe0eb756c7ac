import { ArrowRight } from "lucide-react";
import { useRef, useState } from "react";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { Button } from "@/ui/Button";
import { Combobox } from "@/ui/Combobox";
import { Dialog } from "@/ui/Dialog";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { Switch } from "@/ui/Switch";
import { useDesigner } from "../designer";
import { identifierFor, identifierProblem, takenNames, withPart } from "../draft/definition";
import { useBlueprintOptions } from "../panel/RelationFields";

type NewRelationDialogProps = { source: string; target?: string; onClose: () => void };

/** A relation that was drawn on the canvas, or is asked for in the form. */
export function NewRelationDialog({ source, target: drawn, onClose }: NewRelationDialogProps) {
  const { model, change, select } = useDesigner();
  const options = useBlueprintOptions();
  const [target, setTarget] = useState<string | null>(drawn ?? null);
  const [typedTitle, setTitle] = useState<string>();
  const [chosen, setChosen] = useState<string>();
  const [isMany, setMany] = useState(false);
  const [isRequired, setRequired] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const from = model.get(source);
  const to = target === null ? undefined : model.get(target);
  if (!from) return null;
  const title = typedTitle ?? (to && to !== from ? to.title : "");
  const taken = takenNames(from.json);
  const identifier = chosen ?? free(identifierFor(title), taken);
  const problem = identifierProblem(identifier, taken);
  const add = () => {
    if (problem || target === null) return;
    const part = { kind: "relation", identifier } as const;
    const value = { ...(title ? { title } : {}), target, many: isMany, required: isRequired };
    change(source, `new relation ${identifier}`, (definition) => withPart(definition, part, value));
    onClose();
    select(source, part);
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      initialFocus={input}
      title="New relation"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form="new-relation"
            variant="primary"
            disabled={problem !== undefined || target === null}
          >
            Add
          </Button>
        </>
      }
    >
      <form
        id="new-relation"
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <div className="flex items-center gap-2">
          <span className="flex h-8 min-w-0 items-center gap-2 rounded-md border border-line bg-bg px-2.5">
            <BlueprintIcon blueprint={from} size="sm" />
            <span className="truncate font-medium">{from.title}</span>
          </span>
          <ArrowRight aria-label="to" className="size-4 shrink-0 text-muted" />
          {drawn !== undefined && to ? (
            <span className="flex h-8 min-w-0 items-center gap-2 rounded-md border border-line bg-bg px-2.5">
              <BlueprintIcon blueprint={to} size="sm" />
              <span className="truncate font-medium">{to.title}</span>
            </span>
          ) : (
            <Combobox
              aria-label="To"
              placeholder="Choose a blueprint"
              value={target}
              options={options}
              onChange={setTarget}
            />
          )}
        </div>
        <Field label="Title" hint={`What a ${from.title.toLowerCase()} calls it: Owner, Runs on, Depends on.`}>
          <Input ref={input} value={title} maxLength={100} onChange={(event) => setTitle(event.target.value)} />
        </Field>
        <Field label="Identifier" isRequired error={(title !== "" || chosen !== undefined) && problem}>
          <Input isMono value={identifier} onChange={(event) => setChosen(event.target.value)} />
        </Field>
        <Switch checked={isMany} onChange={setMany}>
          To many entities
        </Switch>
        <Switch checked={isRequired} onChange={setRequired}>
          Every {from.title.toLowerCase()} must have it
        </Switch>
      </form>
    </Dialog>
  );
}

/** A name that is not taken: "team", "team2". */
function free(name: string, taken: ReadonlySet<string>): string {
  if (name === "" || !taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name}${number}`)) number++;
  return `${name}${number}`;
}

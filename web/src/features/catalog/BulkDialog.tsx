import { useRef, useState } from "react";
import { PropertyInput } from "@/entity-form/PropertyInput";
import { EntityPicker } from "@/entity-values/EntityPicker";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import type { Json } from "@/lib/json";
import { Button } from "@/ui/Button";
import { Combobox } from "@/ui/Combobox";
import { Dialog } from "@/ui/Dialog";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { Progress } from "@/ui/Progress";
import { type BulkState, changeMany, deleteMany, type What } from "./bulk";

type BulkDialogProps = {
  task: "edit" | "delete";
  blueprint: BlueprintDefinition;
  what: What;
  number: number;
  onClose: () => void;
  onDone: () => void;
  onClear: () => void;
};

const format = new Intl.NumberFormat("en");
/** From so many on, deleting asks for the number to be typed. */
const MANY = 20;

/** Edits one value of many entities, or deletes them, and says how far it is. */
export function BulkDialog({ task, blueprint, what, number, onClose, onDone, onClear }: BulkDialogProps) {
  const [name, setName] = useState<string | null>(null);
  const [value, setValue] = useState<Json>(null);
  const [typed, setTyped] = useState("");
  const [state, setState] = useState<BulkState>();
  const [phase, setPhase] = useState<"asking" | "running" | "over">("asking");
  const [error, setError] = useState<unknown>();
  const stop = useRef(new AbortController());
  const isEdit = task === "edit";
  const noun = number === 1 ? "entity" : "entities";
  const many = `${format.format(number)} ${noun}`;
  const mustType = !isEdit && number >= MANY;
  const isReady = isEdit ? name !== null : !mustType || typed === String(number);

  const run = async () => {
    setPhase("running");
    setError(undefined);
    stop.current = new AbortController();
    const { signal } = stop.current;
    try {
      await (isEdit
        ? changeMany(what, changeOf(blueprint, name ?? "", value), signal, setState)
        : deleteMany(what, signal, setState));
    } catch (failure) {
      if (!signal.aborted) setError(failure);
    }
    setPhase("over");
    onDone();
  };
  const close = () => {
    stop.current.abort();
    if (phase === "over") onClear();
    onClose();
  };
  return (
    <Dialog
      isOpen
      onClose={close}
      title={isEdit ? `Edit ${many}` : `Delete ${many}?`}
      description={
        isEdit ? "One value is set for all of them. Other values stay." : "Values, relations and history go with them."
      }
      footer={
        phase === "over" ? (
          <Button variant="primary" onClick={close}>
            Close
          </Button>
        ) : (
          <>
            <Button onClick={close}>{phase === "running" ? "Stop" : "Cancel"}</Button>
            <Button
              variant={isEdit ? "primary" : "danger"}
              isBusy={phase === "running"}
              disabled={!isReady}
              onClick={() => void run()}
            >
              {isEdit ? "Set the value" : "Delete"}
            </Button>
          </>
        )
      }
    >
      <div className="flex flex-col gap-4">
        {phase === "asking" && isEdit && (
          <ValueChoice blueprint={blueprint} name={name} value={value} onName={setName} onValue={setValue} />
        )}
        {phase === "asking" && mustType && (
          <Field label={`Type ${number} to go on`}>
            <Input
              inputMode="numeric"
              autoComplete="off"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </Field>
        )}
        {phase !== "asking" && (
          <>
            <Progress
              label={isEdit ? "Edited" : "Deleted"}
              value={(state?.done ?? 0) + (state?.failed ?? 0)}
              max={number}
            />
            <p role="status">
              {format.format(state?.done ?? 0)} of {many} {isEdit ? "edited" : "deleted"}
              {state && state.failed > 0 ? `, ${format.format(state.failed)} not` : ""}.
            </p>
            {state?.firstProblem && (
              <p className="text-bad [overflow-wrap:anywhere]">The first reason: {state.firstProblem}</p>
            )}
          </>
        )}
        <ErrorPanel error={error} title="It stopped before all was done." />
      </div>
    </Dialog>
  );
}

type ValueChoiceProps = {
  blueprint: BlueprintDefinition;
  name: string | null;
  value: Json;
  onName: (name: string | null) => void;
  onValue: (value: Json) => void;
};

const TEAM = "$team";

function ValueChoice({ blueprint, name, value, onName, onValue }: ValueChoiceProps) {
  const own = blueprint.properties.filter(({ kind }) => kind === "own");
  const property = own.find(({ identifier }) => identifier === name);
  const relation = blueprint.relations.find(({ identifier }) => identifier === name);
  const target = name === TEAM ? { target: "_team", isMany: true } : relation;
  const chosen = Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : [];
  return (
    <>
      <Field label="What to set">
        <Combobox
          placeholder="Property or relation"
          value={name}
          options={[
            ...own.map(({ identifier, title }) => ({ value: identifier, label: title })),
            ...blueprint.relations.map(({ identifier, title }) => ({
              value: identifier,
              label: title,
              hint: "relation",
            })),
            { value: TEAM, label: "Owning teams" },
          ]}
          onChange={(next) => {
            onName(next);
            onValue(null);
          }}
        />
      </Field>
      {property && (
        <Field label="New value" hint="Without one, the value is taken away.">
          <PropertyInput key={property.identifier} property={property} value={value} onChange={onValue} />
        </Field>
      )}
      {target && (
        <Field label="New value" hint="Without one, the value is taken away.">
          <EntityPicker
            key={name}
            blueprint={target.target}
            isMany={target.isMany}
            value={chosen}
            onChange={(next) => onValue(target.isMany ? next : (next[0] ?? null))}
          />
        </Field>
      )}
    </>
  );
}

function changeOf(blueprint: BlueprintDefinition, name: string, value: Json) {
  if (name === TEAM) return { team: Array.isArray(value) ? value.map(String) : [] };
  const isRelation = blueprint.relations.some(({ identifier }) => identifier === name);
  return isRelation ? { relations: { [name]: value } } : { properties: { [name]: value } };
}

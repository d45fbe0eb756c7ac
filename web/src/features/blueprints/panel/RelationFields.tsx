import { useMemo } from "react";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { Combobox } from "@/ui/Combobox";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { Switch } from "@/ui/Switch";
import { useDesigner } from "../designer";
import type { PartEditor } from "./usePart";

/** All blueprints, for choosing one. */
export function useBlueprintOptions() {
  const { model } = useDesigner();
  return useMemo(
    () =>
      model.blueprints.map((one) => ({
        value: one.identifier,
        label: one.title,
        ...(one.title === one.identifier ? {} : { hint: one.identifier }),
        icon: <BlueprintIcon blueprint={one} size="sm" />,
      })),
    [model],
  );
}

/** Where a relation leads and how. */
export function RelationFields({ editor }: { editor: PartEditor }) {
  const options = useBlueprintOptions();
  const { set, text, value, problem, isPublished, isReadOnly } = editor;
  return (
    <>
      <Field
        label="To"
        isRequired
        error={problem("target")}
        hint={isPublished ? "Target and number of a relation that is in use cannot change." : undefined}
      >
        <Combobox
          value={text("target") || null}
          options={options}
          disabled={isReadOnly}
          onChange={(target) => target !== null && set("target", target)}
        />
      </Field>
      <Switch checked={value.many === true} disabled={isReadOnly} onChange={(many) => set("many", many)}>
        To many entities
      </Switch>
      {problem("many") && <p className="text-bad text-meta">{problem("many")}</p>}
      <Switch
        checked={value.required === true}
        disabled={isReadOnly}
        onChange={(required) => set("required", required)}
      >
        Every entity must have it
      </Switch>
      <Field
        label="Name of the way back in GraphQL"
        hint="Made of the blueprint's name where it is empty: `deployments` of a service."
        error={problem("inverse")}
      >
        <Input
          isMono
          value={text("inverse")}
          maxLength={100}
          onChange={(event) => set("inverse", event.target.value || undefined)}
        />
      </Field>
    </>
  );
}

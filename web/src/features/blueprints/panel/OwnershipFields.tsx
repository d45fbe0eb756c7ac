import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { asObject, asText } from "@/lib/json";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { useDesigner } from "../designer";
import { withValueAt } from "../draft/definition";
import type { PlacedProblem } from "../usePlan";
import { PathPicker } from "./PathPicker";

const TYPES = [
  { value: "None", label: "Nobody", hint: "Entities have no owners" },
  { value: "Direct", label: "Teams of its own", hint: "Each entity names its teams" },
  { value: "Inherited", label: "Those of a related entity", hint: "The teams of what relations lead to" },
];

/** Who owns the entities. */
export function OwnershipFields({
  blueprint,
  problems,
}: {
  blueprint: BlueprintDefinition;
  problems: readonly PlacedProblem[];
}) {
  const { change, canEdit } = useDesigner();
  const ownership = asObject(blueprint.json.ownership);
  const type = asText(ownership.type) ?? "None";
  const problem = problems.find(
    (one) => one.blueprint === blueprint.identifier && one.pointer.startsWith("/ownership"),
  )?.message;
  const set = (keys: string[], value: string | undefined) =>
    change(blueprint.identifier, keys.join("."), (definition) => withValueAt(definition, keys, value));
  const choose = (next: string) => {
    change(blueprint.identifier, "ownership", (definition) => {
      if (next === "None") return withValueAt(definition, ["ownership"], undefined);
      const [first] = blueprint.relations.filter(({ isMany }) => !isMany);
      return withValueAt(
        definition,
        ["ownership"],
        next === "Direct" ? { type: next } : { type: next, path: first?.identifier ?? "" },
      );
    });
  };
  const path = asText(ownership.path) ?? "";
  return (
    <section aria-label="Ownership">
      <h3 className="mb-1 flex h-7 items-center font-semibold">Ownership</h3>
      <fieldset disabled={!canEdit} className="flex flex-col gap-2">
        <Field label="Owned by" isLabelHidden error={type !== "Inherited" && problem}>
          <Select value={type} options={TYPES} disabled={!canEdit} onChange={choose} />
        </Field>
        {type === "Inherited" && (
          <Field label="Way to the owner" error={problem}>
            <PathPicker
              from={blueprint}
              relations={path === "" ? [] : path.split(".")}
              isReadOnly={!canEdit}
              onChange={(relations) => set(["ownership", "path"], relations.join("."))}
            />
          </Field>
        )}
      </fieldset>
    </section>
  );
}

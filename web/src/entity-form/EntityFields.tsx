import { Cable } from "lucide-react";
import type { ReactNode } from "react";
import { EntityPicker } from "@/entity-values/EntityPicker";
import type { WholeEntity } from "@/entity-values/useEntity";
import { messageAt, withoutPaths } from "@/lib/api/error";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { asList } from "@/lib/json";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import type { Draft } from "./draft";
import { PropertyInput } from "./PropertyInput";

type EntityFieldsProps = {
  blueprint: BlueprintDefinition;
  draft: Draft;
  onChange: (draft: Draft) => void;
  isNew: boolean;
  origins: WholeEntity["origins"];
  error: unknown;
};

/** All of an entity that people write, with the server's word on each value. */
export function EntityFields({ blueprint, draft, onChange, isNew, origins, error }: EntityFieldsProps) {
  const own = blueprint.properties.filter((property) => property.kind === "own");
  const written = new Map(origins.map((origin) => [origin.name, origin.integration]));
  const paths = [
    "/input/identifier",
    "/input/title",
    "/input/team",
    ...own.map(({ identifier }) => `/input/properties/${identifier}`),
    ...blueprint.relations.map(({ identifier }) => `/input/relations/${identifier}`),
  ];
  const noteOf = (name: string): ReactNode => {
    const integration = written.get(name);
    return integration && <Note integration={integration} />;
  };
  return (
    <div className="flex flex-col gap-4">
      <ErrorPanel error={withoutPaths(error, paths)} title="Nothing was saved." />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Title" error={messageAt(error, "/input/title")}>
          <Input
            dir="auto"
            value={draft.title}
            onChange={(event) => onChange({ ...draft, title: event.target.value })}
          />
        </Field>
        <Field
          label="Identifier"
          hint={
            isNew
              ? "Names it for good in links and the API. Left empty, one is made."
              : "A new one is a rename: what points here follows."
          }
          error={messageAt(error, "/input/identifier")}
        >
          <Input
            isMono
            spellCheck={false}
            value={draft.identifier}
            onChange={(event) => onChange({ ...draft, identifier: event.target.value })}
          />
        </Field>
        <Field label="Owning teams" error={messageAt(error, "/input/team")} className="sm:col-span-2">
          <EntityPicker blueprint="_team" isMany value={draft.team} onChange={(team) => onChange({ ...draft, team })} />
        </Field>
      </div>
      {own.length > 0 && (
        <FieldGroup title="Properties">
          {own.map((property) => (
            <Field
              key={property.identifier}
              label={property.title}
              isRequired={property.isRequired}
              hint={noteOf(property.identifier) ?? property.description}
              error={messageAt(error, `/input/properties/${property.identifier}`)}
              className={
                property.type === "object" || property.format === "markdown" || property.format === "yaml"
                  ? "sm:col-span-2"
                  : ""
              }
            >
              <PropertyInput
                property={property}
                value={draft.properties[property.identifier]}
                onChange={(value) =>
                  onChange({ ...draft, properties: { ...draft.properties, [property.identifier]: value } })
                }
              />
            </Field>
          ))}
        </FieldGroup>
      )}
      {blueprint.relations.length > 0 && (
        <FieldGroup title="Relations">
          {blueprint.relations.map(({ identifier, title, target, isMany, isRequired, description }) => {
            const value = draft.relations[identifier];
            const chosen = typeof value === "string" ? [value] : asList(value).filter((one) => typeof one === "string");
            return (
              <Field
                key={identifier}
                label={title}
                isRequired={isRequired}
                hint={noteOf(identifier) ?? description}
                error={messageAt(error, `/input/relations/${identifier}`)}
              >
                <EntityPicker
                  blueprint={target}
                  isMany={isMany}
                  value={chosen}
                  onChange={(next) =>
                    onChange({
                      ...draft,
                      relations: { ...draft.relations, [identifier]: isMany ? next : (next[0] ?? null) },
                    })
                  }
                />
              </Field>
            );
          })}
        </FieldGroup>
      )}
    </div>
  );
}

function FieldGroup({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset>
      <legend className="mb-2 font-semibold text-section">{title}</legend>
      <div className="grid gap-4 sm:grid-cols-2">{children}</div>
    </fieldset>
  );
}

function Note({ integration }: { integration: string }) {
  return (
    <span className="inline-flex items-center gap-1 text-warn">
      <Cable aria-hidden className="size-3" />
      Written by {integration}: its next sync writes it again.
    </span>
  );
}

import { clsx } from "clsx";
import { Cable, Calculator } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { BlueprintDefinition, PropertyDefinition } from "@/lib/blueprint/definition";
import { asList, asObject, type Json } from "@/lib/json";
import { exactTime, parseDate } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Tooltip } from "@/ui/Tooltip";
import { EntityLink } from "./EntityLink";
import { Nothing, PropertyValue } from "./PropertyValue";
import type { WholeEntity } from "./useEntity";

type EntityDetailsProps = { blueprint: BlueprintDefinition; entity: WholeEntity; isWide?: boolean };

/** Properties that take the whole width. */
const TALL = new Set(["markdown", "yaml", "proto"]);

/** An entity's properties and relations, empty ones behind a button. */
export function EntityDetails({ blueprint, entity, isWide = false }: EntityDetailsProps) {
  const [areEmptyShown, setEmptyShown] = useState(false);
  const origins = new Map(entity.origins.map((origin) => [origin.name, origin]));
  const read = ({ kind, identifier }: PropertyDefinition): Json | undefined =>
    asObject(kind === "own" ? entity.properties : entity.computed)[identifier];
  const properties = blueprint.properties.map((property) => ({ property, value: read(property) }));
  const relations = blueprint.relations.map((relation) => {
    const value = asObject(entity.relations)[relation.identifier];
    return {
      relation,
      identifiers:
        typeof value === "string" ? [value] : (asList(value).filter((one) => typeof one === "string") as string[]),
    };
  });
  const isTall = ({ property }: { property: PropertyDefinition }) =>
    property.type === "object" || TALL.has(property.format ?? "");
  const filled = properties.filter(({ value }) => !isEmpty(value));
  const empty = [
    ...properties.filter(({ value }) => isEmpty(value)).map(({ property }) => property),
    ...relations.filter(({ identifiers }) => identifiers.length === 0).map(({ relation }) => relation),
  ];
  return (
    <div className="flex flex-col gap-4">
      <dl className={clsx("grid gap-x-8", isWide && "lg:grid-cols-2")}>
        {entity.team.length > 0 && (
          <Line title="Owned by">
            <span className="flex min-w-0 flex-wrap gap-x-3 gap-y-1">
              {entity.team.map((team) => (
                <EntityLink key={team} blueprint="_team" identifier={team} />
              ))}
            </span>
          </Line>
        )}
        {filled
          .filter((one) => !isTall(one))
          .map(({ property, value }) => (
            <Line
              key={property.identifier}
              title={property.title}
              hint={property.description}
              note={<Origin property={property} origin={origins.get(property.identifier)} />}
            >
              <PropertyValue value={value} property={property} />
            </Line>
          ))}
        {relations
          .filter(({ identifiers }) => identifiers.length > 0)
          .map(({ relation, identifiers }) => (
            <Line
              key={relation.identifier}
              title={relation.title}
              hint={relation.description}
              note={<Origin origin={origins.get(relation.identifier)} />}
            >
              <span className="flex min-w-0 flex-wrap gap-x-3 gap-y-1">
                {identifiers.map((identifier) => (
                  <EntityLink key={identifier} blueprint={relation.target} identifier={identifier} />
                ))}
              </span>
            </Line>
          ))}
        {areEmptyShown &&
          empty.map(({ identifier, title, description }) => (
            <Line key={identifier} title={title} hint={description}>
              <Nothing />
            </Line>
          ))}
      </dl>
      {filled.filter(isTall).map(({ property, value }) => (
        <section key={property.identifier}>
          <h3 className="mb-1.5 font-medium text-meta text-muted">{property.title}</h3>
          <PropertyValue value={value} property={property} />
        </section>
      ))}
      {empty.length > 0 && (
        <Button variant="ghost" className="self-start" onClick={() => setEmptyShown(!areEmptyShown)}>
          {areEmptyShown ? "Hide what is empty" : `Show ${empty.length} without a value`}
        </Button>
      )}
    </div>
  );
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function Line({
  title,
  hint,
  note,
  children,
}: {
  title: string;
  hint?: string | undefined;
  note?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="group grid min-h-9 grid-cols-[minmax(6rem,2fr)_minmax(0,3fr)] items-center gap-3 border-line border-b py-1.5">
      <dt className="flex min-w-0 items-center gap-1 text-muted" title={hint}>
        <span className="truncate">{title}</span>
      </dt>
      <dd className="flex min-w-0 items-center gap-2">
        <div className="min-w-0 grow">{children}</div>
        {note}
      </dd>
    </div>
  );
}

/** Who wrote a value last, or how it is computed. */
function Origin({
  property,
  origin,
}: {
  property?: PropertyDefinition;
  origin: WholeEntity["origins"][number] | undefined;
}) {
  if (property && property.kind !== "own") {
    return (
      <Tooltip
        text={
          <>
            Computed: <code className="font-mono">{property.source ?? property.kind}</code>
          </>
        }
      >
        <button
          type="button"
          aria-label={`How ${property.title} is computed`}
          className="shrink-0 cursor-help text-muted"
        >
          <Calculator aria-hidden className="size-3.5" />
        </button>
      </Tooltip>
    );
  }
  if (!origin?.integration) return null;
  const at = parseDate(origin.at);
  return (
    <Tooltip
      text={`Written by the integration ${origin.integration}${at ? `, ${exactTime(at)}` : ""}. Its next sync may write it again.`}
    >
      <button
        type="button"
        aria-label={`Written by the integration ${origin.integration}`}
        className="shrink-0 cursor-help text-muted"
      >
        <Cable aria-hidden className="size-3.5" />
      </button>
    </Tooltip>
  );
}

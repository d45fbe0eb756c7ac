import { Link } from "@tanstack/react-router";
import type { Column } from "@/data-table/columns";
import { EntityLink } from "@/entity-values/EntityLink";
import { Nothing, PropertyValue } from "@/entity-values/PropertyValue";
import type { BlueprintDefinition, PropertyDefinition, RelationDefinition } from "@/lib/blueprint/definition";
import { asList, asObject } from "@/lib/json";
import { Badge } from "@/ui/Badge";
import { RelativeTime } from "@/ui/RelativeTime";
import type { CatalogRow } from "./catalog.gql";
import type { ColumnChoice } from "./view";

export type CatalogColumn = Column<CatalogRow> & {
  /** Needs the values that the server computes. */
  isComputed: boolean;
  isHiddenAtFirst: boolean;
  /** Can be grouped by. */
  canGroup: boolean;
};

/** Beyond so many, further columns are hidden at first. */
const AT_FIRST = 14;

/** All columns that a blueprint's table can have, in the order of the blueprint. */
export function allColumns(blueprint: BlueprintDefinition): CatalogColumn[] {
  const plain = { isComputed: false, isHiddenAtFirst: false, canGroup: false, isSortable: true };
  const columns: CatalogColumn[] = [
    {
      ...plain,
      id: "$title",
      title: "Title",
      width: 240,
      cell: (row) => (
        <Link
          to="/entity/$blueprint/$identifier"
          params={{ blueprint: blueprint.identifier, identifier: row.identifier }}
          preload={false}
          className="truncate font-medium hover:text-accent hover:underline"
          title={row.title || row.identifier}
          dir="auto"
        >
          {row.title || row.identifier}
        </Link>
      ),
    },
    {
      ...plain,
      id: "$identifier",
      title: "Identifier",
      width: 170,
      isHiddenAtFirst: true,
      cell: (row) => <code className="truncate font-mono text-code text-muted">{row.identifier}</code>,
    },
    ...blueprint.properties.map(propertyColumn),
    ...blueprint.relations.map(relationColumn),
    {
      ...plain,
      id: "$team",
      title: "Owning teams",
      width: 160,
      canGroup: true,
      cell: (row) => (row.team.length === 0 ? <Nothing /> : <Links blueprint="_team" identifiers={row.team} />),
    },
    {
      ...plain,
      id: "$updatedAt",
      title: "Updated",
      width: 130,
      cell: (row) => <RelativeTime at={row.updatedAt} className="truncate text-muted" />,
    },
    {
      ...plain,
      id: "$createdAt",
      title: "Created",
      width: 130,
      isHiddenAtFirst: true,
      cell: (row) => <RelativeTime at={row.createdAt} className="truncate text-muted" />,
    },
    {
      ...plain,
      id: "$updatedBy",
      title: "Updated by",
      width: 170,
      isHiddenAtFirst: true,
      canGroup: true,
      cell: (row) => <span className="truncate">{row.updatedBy}</span>,
    },
    {
      ...plain,
      id: "$createdBy",
      title: "Created by",
      width: 170,
      isHiddenAtFirst: true,
      canGroup: true,
      cell: (row) => <span className="truncate">{row.createdBy}</span>,
    },
    {
      ...plain,
      id: "$datasource",
      title: "Data source",
      width: 170,
      isHiddenAtFirst: true,
      canGroup: true,
      cell: (row) => (row.source ? <Badge>{row.source}</Badge> : <Nothing />),
    },
  ];
  return columns.map((column, at) => ({
    ...column,
    isHiddenAtFirst: column.isHiddenAtFirst || (at > AT_FIRST && column.id !== "$updatedAt"),
  }));
}

function propertyColumn(property: PropertyDefinition): CatalogColumn {
  const { identifier, title, kind, type, format } = property;
  const isComputed = kind !== "own";
  const isDocument = type === "object" || ["markdown", "yaml", "proto"].includes(format ?? "");
  const isIndexed = property.json.indexed !== false && !isDocument;
  return {
    id: identifier,
    title,
    width: widthOf(property),
    align: type === "number" && !property.values ? "end" : "start",
    isSortable: isIndexed && type !== "array",
    isComputed,
    isHiddenAtFirst: isDocument,
    canGroup:
      isIndexed &&
      (property.values !== undefined || (type !== "number" && !["date", "date-time", "timer"].includes(format ?? ""))),
    hint:
      [property.description, isComputed ? `Computed: ${property.source ?? kind}` : ""].filter(Boolean).join("\n") ||
      undefined,
    cell: (row) => (
      <PropertyValue
        value={asObject(isComputed ? row.computed : row.properties)[identifier]}
        property={property}
        isCompact
      />
    ),
  };
}

function widthOf({ type, format, values, title, itemType }: PropertyDefinition): number {
  const least = 40 + title.length * 7;
  const usual =
    type === "boolean" || type === "number"
      ? 96
      : values
        ? 120
        : type === "array"
          ? itemType === "object"
            ? 220
            : 190
          : format === "date-time"
            ? 130
            : 180;
  return Math.max(usual, Math.min(least, 220));
}

function relationColumn({ identifier, title, target, isMany, description }: RelationDefinition): CatalogColumn {
  return {
    id: identifier,
    title,
    width: isMany ? 220 : 160,
    isSortable: false,
    isComputed: false,
    isHiddenAtFirst: false,
    canGroup: false,
    hint: description,
    cell: (row) => {
      const value = asObject(row.relations)[identifier];
      const identifiers = typeof value === "string" ? [value] : asList(value).filter((one) => typeof one === "string");
      return identifiers.length === 0 ? <Nothing /> : <Links blueprint={target} identifiers={identifiers} />;
    },
  };
}

/** Links of one line; the rest is counted. */
function Links({ blueprint, identifiers }: { blueprint: string; identifiers: readonly string[] }) {
  const few = identifiers.slice(0, 2);
  return (
    <span className="flex min-w-0 items-center gap-2">
      {few.map((identifier) => (
        <EntityLink key={identifier} blueprint={blueprint} identifier={identifier} />
      ))}
      {identifiers.length > few.length && (
        <span className="shrink-0 text-meta text-muted" title={identifiers.join(", ")}>
          +{identifiers.length - few.length}
        </span>
      )}
    </span>
  );
}

/** The columns that are chosen, with their widths; at first those that are not hidden. */
export function chosenColumns(
  all: readonly CatalogColumn[],
  choices: readonly ColumnChoice[] | undefined,
): CatalogColumn[] {
  if (!choices) return all.filter((column) => !column.isHiddenAtFirst);
  return choices.flatMap(({ id, width }) => {
    const column = all.find((one) => one.id === id);
    if (!column) return [];
    return [width === undefined ? column : { ...column, width }];
  });
}

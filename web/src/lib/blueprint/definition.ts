/** A blueprint's definition in Port's JSON, read into what pages need. */
import { asList, asObject, asText, type Json, type JsonObject } from "@/lib/json";

export type ValueType = "string" | "number" | "boolean" | "object" | "array";
/** Who makes the value: its authors, or the server from others. */
export type PropertyKind = "own" | "mirror" | "calculation" | "aggregation";

export type PropertyDefinition = {
  identifier: string;
  title: string;
  description: string | undefined;
  kind: PropertyKind;
  type: ValueType;
  format: string | undefined;
  /** Of a list's items. */
  itemType: ValueType | undefined;
  itemFormat: string | undefined;
  /** The allowed values, of a list's items where it is one. */
  values: Json[] | undefined;
  /** Port's colour names by value. */
  colors: Record<string, string>;
  isRequired: boolean;
  /** Where it comes from: a mirror's path, a calculation's jq, an aggregation's function. */
  source: string | undefined;
  json: JsonObject;
};

export type RelationDefinition = {
  identifier: string;
  title: string;
  description: string | undefined;
  target: string;
  isMany: boolean;
  isRequired: boolean;
};

export type BlueprintDefinition = {
  identifier: string;
  title: string;
  icon: string | null;
  description: string | undefined;
  revision: number;
  properties: PropertyDefinition[];
  relations: RelationDefinition[];
  json: JsonObject;
};

type Source = { identifier: string; title: string; icon: string | null; revision: number; json: Json };

export function readBlueprint({ identifier, title, icon, revision, json }: Source): BlueprintDefinition {
  const object = asObject(json);
  const schema = asObject(object.schema);
  const required = asList(schema.required);
  const own = Object.entries(asObject(schema.properties)).map(([key, value]) =>
    property(key, "own", asObject(value), required.includes(key)),
  );
  const computed = (
    [
      ["mirrorProperties", "mirror"],
      ["calculationProperties", "calculation"],
      ["aggregationProperties", "aggregation"],
    ] as const
  ).flatMap(([part, kind]) =>
    Object.entries(asObject(object[part])).map(([key, value]) => property(key, kind, asObject(value), false)),
  );
  const relations = Object.entries(asObject(object.relations)).map(([key, value]) => relation(key, asObject(value)));
  const description = asText(object.description);
  return { identifier, title, icon, description, revision, properties: [...own, ...computed], relations, json: object };
}

function property(identifier: string, kind: PropertyKind, json: JsonObject, isRequired: boolean): PropertyDefinition {
  const items = asObject(json.items);
  const values = asList(json.enum ?? items.enum);
  const type = (asText(json.type) as ValueType | undefined) ?? (kind === "aggregation" ? "number" : "string");
  return {
    identifier,
    title: asText(json.title) ?? identifier,
    description: asText(json.description),
    kind,
    type,
    format: asText(json.format),
    itemType: asText(items.type) as ValueType | undefined,
    itemFormat: asText(items.format),
    values: values.length > 0 ? values : undefined,
    colors: colorsOf(json, items),
    isRequired,
    source: sourceOf(kind, json),
    json,
  };
}

function colorsOf(json: JsonObject, items: JsonObject): Record<string, string> {
  const colors = asObject(json.enumColors ?? json.colors ?? items.enumColors);
  return Object.fromEntries(
    Object.entries(colors).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}

function sourceOf(kind: PropertyKind, json: JsonObject): string | undefined {
  if (kind === "mirror") return asText(json.path);
  if (kind === "calculation") return asText(json.calculation);
  if (kind !== "aggregation") return undefined;
  const spec = asObject(json.calculationSpec);
  return [asText(spec.func), asText(spec.property), "of", asText(json.target)].filter(Boolean).join(" ");
}

function relation(identifier: string, json: JsonObject): RelationDefinition {
  return {
    identifier,
    title: asText(json.title) ?? identifier,
    description: asText(json.description),
    target: asText(json.target) ?? "",
    isMany: json.many === true,
    isRequired: json.required === true,
  };
}

/** All blueprints, by identifier; what mirrors show is known once all are there. */
export class Model {
  private readonly byIdentifier: Map<string, BlueprintDefinition>;

  constructor(
    readonly blueprints: readonly BlueprintDefinition[],
    readonly revision: number,
  ) {
    this.byIdentifier = new Map(blueprints.map((blueprint) => [blueprint.identifier, blueprint]));
    for (const blueprint of blueprints) {
      blueprint.properties = blueprint.properties.map((one) =>
        one.kind === "mirror" ? this.mirrored(blueprint, one) : one,
      );
    }
  }

  get(identifier: string): BlueprintDefinition | undefined {
    return this.byIdentifier.get(identifier);
  }

  /** Relations of others that point at a blueprint. */
  pointingAt(target: string): Array<{ blueprint: BlueprintDefinition; relation: RelationDefinition }> {
    return this.blueprints.flatMap((blueprint) =>
      blueprint.relations.filter((one) => one.target === target).map((one) => ({ blueprint, relation: one })),
    );
  }

  private mirrored(blueprint: BlueprintDefinition, mirror: PropertyDefinition): PropertyDefinition {
    const steps = mirror.source?.split(".") ?? [];
    let at: BlueprintDefinition | undefined = blueprint;
    let isList = false;
    for (const step of steps.slice(0, -1)) {
      const found: RelationDefinition | undefined = at?.relations.find((one) => one.identifier === step);
      isList ||= found?.isMany ?? false;
      at = found && this.get(found.target);
    }
    const shown = at?.properties.find((one) => one.identifier === steps.at(-1));
    if (!shown) return isList ? { ...mirror, type: "array" } : mirror;
    const { type, format, itemType, itemFormat, values, colors } = shown;
    if (!isList || type === "array") return { ...mirror, type, format, itemType, itemFormat, values, colors };
    return { ...mirror, type: "array", format: undefined, itemType: type, itemFormat: format, values, colors };
  }
}

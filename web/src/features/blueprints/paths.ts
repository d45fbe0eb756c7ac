/** Ways along relations: for mirrors, inherited teams and aggregations. */
import type { BlueprintDefinition, Model, PropertyDefinition, RelationDefinition } from "@/lib/blueprint/definition";

/** Most relations that a path follows; a bound of the server. */
export const MOST_HOPS = 8;

/** What every entity has; mirrors can show it. */
export const META = [
  { identifier: "$title", title: "Title" },
  { identifier: "$identifier", title: "Identifier" },
  { identifier: "$team", title: "Owning teams" },
  { identifier: "$createdAt", title: "Created at" },
  { identifier: "$updatedAt", title: "Updated at" },
  { identifier: "$createdBy", title: "Created by" },
  { identifier: "$updatedBy", title: "Updated by" },
] as const;

/** One relation of a path, and what could stand in its place. */
export type Hop = {
  from: BlueprintDefinition;
  choices: readonly RelationDefinition[];
  chosen: RelationDefinition | undefined;
  /** What stands there; it may be no relation (any more). */
  text: string;
};

export type Walk = {
  hops: Hop[];
  /** The blueprint that the relations lead to; undefined where one of them is none. */
  end: BlueprintDefinition | undefined;
  /** Whether a relation on the way leads to many. */
  isMany: boolean;
};

/** Follows relations one by one from a blueprint. */
export function walk(model: Model, from: BlueprintDefinition, relations: readonly string[]): Walk {
  const hops: Hop[] = [];
  let at: BlueprintDefinition | undefined = from;
  let isMany = false;
  for (const text of relations) {
    if (!at) break;
    const chosen: RelationDefinition | undefined = at.relations.find((one) => one.identifier === text);
    hops.push({ from: at, choices: at.relations, chosen, text });
    isMany ||= chosen?.isMany ?? false;
    at = chosen && model.get(chosen.target);
  }
  return { hops, end: at, isMany };
}

/** Splits `relation.relation.property`. */
export function splitPath(path: string): { relations: string[]; property: string } {
  const parts = path === "" ? [] : path.split(".");
  return { relations: parts.slice(0, -1), property: parts.at(-1) ?? "" };
}

export function joinPath(relations: readonly string[], property: string): string {
  return [...relations, property].join(".");
}

/** The path with another relation at a place; what followed it is gone, as it led on from elsewhere. */
export function withHop(relations: readonly string[], index: number, relation: string | undefined): string[] {
  return relation === undefined ? relations.slice(0, index) : [...relations.slice(0, index), relation];
}

/** What a mirror can show at the end of a path. Mirrors of calculations are fine, too. */
export function mirrorable(
  end: BlueprintDefinition | undefined,
): Array<{ identifier: string; title: string; property?: PropertyDefinition }> {
  if (!end) return [];
  return [
    ...end.properties.map((property) => ({ identifier: property.identifier, title: property.title, property })),
    ...META,
  ];
}

/** A way between two blueprints for `pathFilter`: relations, and the blueprint that has the first of them. */
export type Way = { relations: string[]; fromBlueprint: string; steps: Array<{ relation: string; to: string }> };

/**
 * All ways between an aggregation's blueprint and its target, all forwards or all backwards, the shortest first. No way
 * goes through a blueprint twice.
 */
export function waysBetween(model: Model, own: string, target: string, longest = 4): Way[] {
  const forwards = waysFrom(model, own, target, longest);
  const backwards = waysFrom(model, target, own, longest);
  const found = own === target ? forwards : [...backwards, ...forwards];
  return found.sort((one, other) => one.relations.length - other.relations.length);
}

function waysFrom(model: Model, from: string, to: string, longest: number): Way[] {
  const found: Way[] = [];
  const go = (at: string, steps: Way["steps"], seen: readonly string[]) => {
    for (const relation of model.get(at)?.relations ?? []) {
      const next = [...steps, { relation: relation.identifier, to: relation.target }];
      if (relation.target === to)
        found.push({ relations: next.map((one) => one.relation), fromBlueprint: from, steps: next });
      else if (next.length < longest && !seen.includes(relation.target))
        go(relation.target, next, [...seen, relation.target]);
    }
  };
  go(from, [], [from]);
  return found;
}

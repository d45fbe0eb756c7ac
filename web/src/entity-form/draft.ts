/** An entity as it is edited: what differs from what is stored is sent, and nothing else. */
import { asObject, isSame, type Json, type JsonObject } from "@/lib/json";

export type Draft = {
  identifier: string;
  title: string;
  icon: string;
  team: string[];
  properties: JsonObject;
  relations: JsonObject;
};

type Stored = {
  identifier: string;
  title: string | null;
  icon: string | null;
  team: string[];
  properties: Json;
  relations: Json;
};

export const EMPTY: Draft = { identifier: "", title: "", icon: "", team: [], properties: {}, relations: {} };

export function draftOf(entity: Stored): Draft {
  const { identifier, title, icon, team, properties, relations } = entity;
  return {
    identifier,
    title: title ?? "",
    icon: icon ?? "",
    team,
    properties: asObject(properties),
    relations: asObject(relations),
  };
}

/** The fields of `EntityInput` that changed. */
export function changedFields(before: Draft, after: Draft) {
  const properties = changedValues(before.properties, after.properties);
  const relations = changedValues(before.relations, after.relations);
  return {
    ...(before.title === after.title ? {} : { title: after.title || null }),
    ...(before.icon === after.icon ? {} : { icon: after.icon || null }),
    ...(isSame(before.team, after.team) ? {} : { team: after.team }),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(Object.keys(relations).length > 0 ? { relations } : {}),
  };
}

function changedValues(before: JsonObject, after: JsonObject): JsonObject {
  const names = Object.keys(after).filter((name) => !isSame(before[name] ?? null, after[name] ?? null));
  return Object.fromEntries(names.map((name) => [name, after[name] ?? null]));
}

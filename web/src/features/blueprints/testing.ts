/** A small model for unit tests. */
import { Model, readBlueprint } from "@/lib/blueprint/definition";
import type { JsonObject } from "@/lib/json";

export const TEAM: JsonObject = {
  identifier: "team",
  title: "Team",
  schema: { properties: { slack: { type: "string", title: "Slack" } } },
  relations: { lead: { target: "person", title: "Lead" } },
};
export const SERVICE: JsonObject = {
  identifier: "service",
  title: "Service",
  schema: {
    properties: { tier: { type: "string", title: "Tier", enum: ["gold", "silver"] }, open: { type: "number" } },
    required: ["tier"],
  },
  relations: {
    owner: { title: "Owner", target: "team", required: true },
    dependsOn: { target: "service", many: true },
  },
  mirrorProperties: { slack: { path: "owner.slack" } },
};
export const PERSON: JsonObject = { identifier: "person", title: "Person", schema: { properties: {} } };
export const INCIDENT: JsonObject = {
  identifier: "incident",
  title: "Incident",
  schema: { properties: {} },
  relations: { service: { target: "service" }, reporter: { target: "person" } },
};

export function modelOf(definitions: JsonObject[] = [TEAM, SERVICE, PERSON, INCIDENT], revision = 1): Model {
  const stamps = { createdAt: "2026-01-01T00:00:00Z", createdBy: "a" };
  return new Model(
    definitions.map((json) =>
      readBlueprint({
        identifier: String(json.identifier),
        title: String(json.title),
        icon: null,
        revision,
        json: { ...json, ...stamps },
      }),
    ),
    revision,
  );
}

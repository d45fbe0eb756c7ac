import { expect, test } from "vitest";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { joinPath, mirrorable, splitPath, walk, waysBetween, withHop } from "./paths";
import { modelOf } from "./testing";

const model = modelOf();
const service = model.get("service") as BlueprintDefinition;

test("a path is followed relation by relation", () => {
  const { hops, end, isMany } = walk(model, service, ["dependsOn", "owner"]);
  expect(hops.map(({ from, choices }) => [from.identifier, choices.map((one) => one.identifier)])).toEqual([
    ["service", ["owner", "dependsOn"]],
    ["service", ["owner", "dependsOn"]],
  ]);
  expect(end?.identifier).toBe("team");
  expect(isMany).toBe(true);
  expect(walk(model, service, ["owner"]).isMany).toBe(false);
});

test("a relation that is gone ends the way and stays to be seen", () => {
  const { hops, end } = walk(model, service, ["boss", "lead"]);
  expect(hops.map((hop) => [hop.text, hop.chosen])).toEqual([["boss", undefined]]);
  expect(end).toBeUndefined();
  expect(mirrorable(end)).toEqual([]);
});

test("another relation on the way cuts what followed it", () => {
  expect(withHop(["owner", "lead"], 0, "dependsOn")).toEqual(["dependsOn"]);
  expect(withHop(["owner"], 1, "lead")).toEqual(["owner", "lead"]);
  expect(withHop(["owner", "lead"], 1, undefined)).toEqual(["owner"]);
});

test("mirrors show properties and what every entity has", () => {
  const names = mirrorable(walk(model, service, ["owner"]).end).map((one) => one.identifier);
  expect(names.slice(0, 2)).toEqual(["slack", "$title"]);
});

test("paths are written with dots", () => {
  expect(splitPath("owner.lead.$title")).toEqual({ relations: ["owner", "lead"], property: "$title" });
  expect(joinPath(["owner"], "slack")).toBe("owner.slack");
  expect(splitPath("")).toEqual({ relations: [], property: "" });
});

test("ways between two blueprints go forwards or backwards, the shortest first", () => {
  const shown = (own: string, target: string) =>
    waysBetween(model, own, target).map((way) => `${way.fromBlueprint}: ${way.relations.join(".")}`);
  expect(shown("team", "incident")).toEqual(["incident: service.owner"]);
  expect(shown("incident", "team")).toEqual(["incident: service.owner"]);
  expect(shown("person", "incident")).toEqual(["incident: reporter", "incident: service.owner.lead"]);
  expect(shown("service", "service")).toEqual(["service: dependsOn"]);
  expect(shown("team", "nothing")).toEqual([]);
});

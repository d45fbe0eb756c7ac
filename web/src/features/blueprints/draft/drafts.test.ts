import { expect, test } from "vitest";
import type { JsonObject } from "@/lib/json";
import { modelOf, PERSON, SERVICE, TEAM } from "../testing";
import { changesOf } from "./changes";
import {
  identifierFor,
  identifierProblem,
  partAt,
  partPointer,
  withoutPart,
  withPart,
  withRenamedPart,
  withRequired,
  withValueAt,
} from "./definition";
import {
  type Design,
  type Drafts,
  definitionOf,
  merged,
  NOTHING,
  rebase,
  redo,
  settle,
  step,
  undo,
  withDefinition,
  withDrafts,
  withNewBlueprint,
  withRenamedBlueprint,
} from "./drafts";
import { plannable, publishSteps } from "./order";

const model = modelOf();
const titled = (title: string) => ({ ...SERVICE, title });
const edit = (drafts: Drafts, definition: JsonObject) =>
  withDefinition(model, drafts, String(definition.identifier), definition);

test("what the server set is no part of a draft, and an edit that is taken back is none", () => {
  const drafts = edit({}, titled("Services"));
  expect(drafts.service?.base).toEqual(SERVICE);
  expect(drafts.service?.revision).toBe(1);
  expect(definitionOf(model, drafts, "service")?.title).toBe("Services");
  expect(definitionOf(model, drafts, "team")).toEqual(TEAM);
  expect(edit(drafts, SERVICE)).toEqual({});
});

test("typing on is one step, back and forth lose nothing", () => {
  let design: Design = NOTHING;
  design = step(design, edit(design.drafts, titled("A")), "title", 0);
  design = step(design, edit(design.drafts, titled("AB")), "title", 500);
  design = step(design, edit(design.drafts, titled("ABC")), "title", 5_000);
  design = step(design, edit(design.drafts, withRequired(titled("ABC"), "open", true)), "required", 5_100);
  const whole = design;
  const titles = () => design.drafts.service?.definition.title;
  design = undo(design);
  expect(titles()).toBe("ABC");
  design = undo(design);
  expect(titles()).toBe("AB");
  design = undo(design);
  expect(design.drafts).toEqual({});
  expect(undo(design)).toBe(design);
  design = redo(redo(redo(design)));
  expect(design.drafts).toEqual(whole.drafts);
  expect(redo(design)).toBe(design);
  design = step(undo(design), edit({}, titled("Z")), "title", 9_000);
  expect(design.future).toEqual([]);
});

test("the canvas sees drafts and new blueprints", () => {
  let drafts = edit({}, withPart(SERVICE, { kind: "relation", identifier: "runsOn" }, { target: "cluster" }));
  drafts = withNewBlueprint(drafts, "cluster", "Cluster");
  const seen = withDrafts(model, drafts);
  expect(seen.get("cluster")?.title).toBe("Cluster");
  expect(seen.pointingAt("cluster").map(({ relation }) => relation.identifier)).toEqual(["runsOn"]);
  expect(model.get("cluster")).toBeUndefined();
  const renamed = withRenamedBlueprint(drafts, "cluster", "kube");
  expect(Object.keys(renamed)).toEqual(["service", "kube"]);
  expect(withDrafts(model, renamed).pointingAt("kube")).toHaveLength(1);
});

test("parts are added, required, renamed and removed where they stand", () => {
  const tier = { kind: "property", identifier: "tier" } as const;
  const renamed = withRenamedPart(SERVICE, tier, "level");
  expect(renamed.schema).toEqual({
    properties: { level: { type: "string", title: "Tier", enum: ["gold", "silver"] }, open: { type: "number" } },
    required: ["level"],
  });
  expect(withRenamedPart(SERVICE, { kind: "relation", identifier: "owner" }, "team").mirrorProperties).toEqual({
    slack: { path: "team.slack" },
  });
  expect(withoutPart(SERVICE, tier).schema).toEqual({ properties: { open: { type: "number" } }, required: [] });
  expect(partPointer({ kind: "property", identifier: "a/b" })).toBe("/schema/properties/a~1b");
  expect(partAt(["schema", "properties", "tier", "type"])).toEqual(tier);
  expect(partAt(["relations", "owner"])).toEqual({ kind: "relation", identifier: "owner" });
  expect(partAt(["schema", "required"])).toBeUndefined();
  expect(withValueAt({ a: { b: 1, c: 2 } }, ["a", "b"], undefined)).toEqual({ a: { c: 2 } });
});

test.each([
  ["Open issues", false, "openIssues"],
  ["URL of docs", false, "urlOfDocs"],
  ["Größe", false, "groe"],
  ["Kubernetes cluster", true, "kubernetes_cluster"],
  ["  ", false, ""],
])("the identifier of %j", (title, isBlueprint, identifier) => {
  expect(identifierFor(title, isBlueprint)).toBe(identifier);
});

test("identifiers are checked before the server does", () => {
  expect(identifierProblem("openIssues", new Set())).toBeUndefined();
  expect(identifierProblem("a.b", new Set())).toMatch(/letters/);
  expect(identifierProblem("a.b", new Set(), true)).toBeUndefined();
  expect(identifierProblem("_x", new Set(), true)).toMatch(/system/);
  expect(identifierProblem("tier", new Set(["tier"]))).toMatch(/taken/);
});

test("what only the server changed is taken, what both changed waits for its author", () => {
  const drafts = edit({}, titled("Mine"));
  const elsewhere = modelOf([TEAM, { ...SERVICE, description: "theirs" }, PERSON], 2);
  const apart = rebase(elsewhere, drafts);
  expect(apart.taken).toEqual(["service"]);
  expect(apart.drafts.service).toMatchObject({ revision: 2, definition: { title: "Mine", description: "theirs" } });
  const same = modelOf([TEAM, { ...SERVICE, title: "Theirs" }, PERSON], 2);
  const both = rebase(same, drafts);
  expect(both.drafts).toEqual(drafts);
  expect(both.conflicts.service).toEqual([{ keys: ["title"], base: "Service", mine: "Mine", theirs: "Theirs" }]);
  expect(merged(same, drafts, "service", titled("Both")).service).toMatchObject({
    revision: 2,
    base: { title: "Theirs" },
    definition: { title: "Both" },
  });
  expect(merged(same, drafts, "service", titled("Theirs"))).toEqual({});
  expect(rebase(modelOf([TEAM], 2), drafts).drafts.service).toMatchObject({ base: null, revision: null });
});

test("publishing leaves nothing to be undone", () => {
  const design = step(NOTHING, edit({}, titled("A")), "title", 0);
  expect(undo(settle({}))).toEqual(settle({}));
  expect(settle(design.drafts).past).toEqual([]);
});

test("a change is told part by part", () => {
  let next = withPart(
    titled("Services"),
    { kind: "relation", identifier: "runsOn" },
    { title: "Runs on", target: "cluster", many: true },
  );
  next = withoutPart(next, { kind: "property", identifier: "tier" });
  next = withRequired(next, "open", true);
  expect(changesOf(SERVICE, next).map(({ kind, what, name, detail }) => `${kind} ${what} ${name}: ${detail}`)).toEqual([
    "changed Title : Services",
    "changed Property open: required",
    "removed Property Tier: ",
    "added Relation Runs on: to cluster, many",
  ]);
  expect(changesOf(SERVICE, SERVICE)).toEqual([]);
});

test("new blueprints are made before those that name them, circles in two steps", () => {
  const relation = (target: string) => ({ relations: { r: { target } } });
  let drafts = withNewBlueprint(withNewBlueprint(withNewBlueprint({}, "a", "A"), "b", "B"), "c", "C");
  drafts = edit(drafts, { ...definitionOf(model, drafts, "a"), ...relation("b") });
  drafts = edit(drafts, { ...definitionOf(model, drafts, "c"), ...relation("c") });
  drafts = edit(drafts, { ...SERVICE, ...relation("a") });
  expect(publishSteps(drafts).map(({ identifier, isNew }) => `${isNew ? "create" : "update"} ${identifier}`)).toEqual([
    "create b",
    "create c",
    "create a",
    "update service",
  ]);
  drafts = edit(drafts, { ...definitionOf(model, drafts, "b"), ...relation("a") });
  const steps = publishSteps(drafts);
  expect(steps.map(({ identifier, isPart }) => `${identifier} ${isPart}`)).toEqual([
    "c false",
    "a true",
    "b false",
    "a false",
    "service false",
  ]);
  expect(steps[1]?.definition.relations).toBeUndefined();
  const plan = plannable(
    {
      ...SERVICE,
      relations: { ...(SERVICE.relations as JsonObject), at: { target: "a" } },
      mirrorProperties: { x: { path: "at.y" } },
    },
    (name) => model.get(name) !== undefined,
  );
  expect(plan.waits).toEqual(["a"]);
  expect(Object.keys(plan.definition.relations as JsonObject)).toEqual(["owner", "dependsOn"]);
  expect(plan.definition.mirrorProperties).toEqual({});
});

import { expect, test } from "vitest";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import type { JsonObject } from "@/lib/json";
import { withNewBlueprint } from "../draft/drafts";
import { modelOf, SERVICE } from "../testing";
import { linesOf, MOST_NODES, neighboursOf, shapeOf, stateOf, visible } from "./shape";

const model = modelOf();

test("nodes are as large as what they show", () => {
  const service = model.get("service") as BlueprintDefinition;
  const [small, large] = [shapeOf(service, false), shapeOf(service, true)];
  expect(small.rows).toEqual([]);
  expect(large.rows.map(({ identifier }) => identifier)).toEqual(["tier", "open", "slack"]);
  expect(large.height - small.height).toBeGreaterThan(40);
  expect(shapeOf(service, true)).toBe(large);
  const long = modelOf([{ ...SERVICE, title: "A very long title of a blueprint with many words" }]).get(
    "service",
  ) as BlueprintDefinition;
  expect(shapeOf(long, false).width).toBe(320);
});

test("a relation is a line to a blueprint that is shown", () => {
  const lines = linesOf(model.blueprints, modelOf([{ ...SERVICE, relations: {} }]));
  expect(lines.map(({ id, target, isMany, isRequired }) => `${id} > ${target} ${isMany} ${isRequired}`)).toContain(
    "service owner > team false true",
  );
  expect(lines.every(({ isNew }) => isNew)).toBe(true);
  expect(
    linesOf(
      model.blueprints.filter(({ identifier }) => identifier !== "team"),
      model,
    ).some(({ target }) => target === "team"),
  ).toBe(false);
});

test("neighbours are those at either end of a relation", () => {
  expect([...neighboursOf(model, "service")].sort()).toEqual(["incident", "service", "team"]);
});

test("beyond the cap those with the most relations are shown, and drafts always", () => {
  const many = Array.from(
    { length: MOST_NODES + 20 },
    (_, index): JsonObject => ({
      identifier: `b${index}`,
      title: `B ${index}`,
      schema: { properties: {} },
      relations: index > 0 ? { r: { target: "b0" } } : {},
    }),
  );
  const large = modelOf([...many, { identifier: "alone", title: "Alone", schema: { properties: {} } }]);
  const { shown, hidden } = visible(large, withNewBlueprint({}, "b169", "B"), { near: undefined, areAllWanted: false });
  expect([shown.length, hidden]).toEqual([MOST_NODES, 21]);
  expect(shown.map(({ identifier }) => identifier)).toEqual(expect.arrayContaining(["b0", "b169"]));
  expect(shown.map(({ identifier }) => identifier)).not.toContain("alone");
  expect(visible(large, {}, { near: undefined, areAllWanted: true }).hidden).toBe(0);
  expect(
    visible(large, {}, { near: "b5", areAllWanted: false })
      .shown.map(({ identifier }) => identifier)
      .sort(),
  ).toEqual(["b0", "b5"]);
});

test("a draft tells how it stands", () => {
  expect(stateOf("x", withNewBlueprint({}, "x", "X"))).toBe("new");
  expect(stateOf("service", {})).toBe("same");
  expect(stateOf("service", { service: { base: SERVICE, revision: 1, definition: { ...SERVICE, title: "T" } } })).toBe(
    "changed",
  );
});

import { expect, test } from "vitest";
import { readDefinitions } from "./exchange";
import { SERVICE, TEAM } from "./testing";

test.each([
  ["one", JSON.stringify({ ...SERVICE, createdAt: "2026-01-01" }), [SERVICE]],
  ["a list", JSON.stringify([SERVICE, TEAM]), [SERVICE, TEAM]],
  ["Port's answer", JSON.stringify({ ok: true, blueprints: [TEAM] }), [TEAM]],
])("%s is read", (_, text, definitions) => {
  expect(readDefinitions(text)).toEqual({ definitions, problems: [] });
});

test.each([
  ["{", /no JSON/],
  ["[]", /no blueprint/],
  ['{"title": "x"}', /identifier is needed/],
  ['{"identifier": "a b", "schema": {"properties": {}}}', /letters/],
  ['{"identifier": "a"}', /no schema/],
  [JSON.stringify([TEAM, TEAM]), /Number 2: "team" is taken/],
])("%s is refused with a reason", (text, problem) => {
  expect(readDefinitions(text).problems.join()).toMatch(problem);
});

import { expect, test } from "vitest";
import { definitionsOf, typesOf } from "./sdl";

const SDL = `scalar DateTime

"""
One that runs.
{ not a body }
"""
type Service implements Node {
	"""
	How important
	"""
	tier: ServiceTier
	launched: DateTime
	tags: [String!]
}

enum ServiceTier {
	"""
	gold
	"""
	GOLD
}

input ServiceInput {
	tier: ServiceTier
}

type ServiceConnection {
	nodes: [Service!]!
}

union Any = Service | Team

type Team {
	identifier: String!
}
`;

test("definitions are cut whole, with what describes them", () => {
  const all = definitionsOf(SDL);
  expect([...all.keys()]).toEqual([
    "DateTime",
    "Service",
    "ServiceTier",
    "ServiceInput",
    "ServiceConnection",
    "Any",
    "Team",
  ]);
  expect(all.get("Service")).toMatch(/^"""\nOne that runs\.[\s\S]*tags: \[String!\]\n}$/);
});

test("a blueprint's type comes first, then what is named after it and the enums in it", () => {
  expect(typesOf(SDL, "Service").map(({ name }) => name)).toEqual([
    "Service",
    "ServiceInput",
    "ServiceConnection",
    "ServiceTier",
  ]);
  expect(typesOf(SDL, "Nothing")).toEqual([]);
});

import { buildSchema, parse } from "graphql";
import { expect, test } from "vitest";
import { operationModule, schemaModule } from "./operations.mjs";

const schema = buildSchema(`
  scalar JSON
  enum Role { VIEWER ADMIN }
  input Wanted { name: String! roles: [Role!] = [VIEWER] note: JSON }
  type Person { id: ID! name: String roles: [Role!]! friends: [Person] data: JSON! age: Int! }
  type Query { people(wanted: Wanted, first: Int! = 5): [Person!]! }
`);

function generated(text) {
  const document = parse(text);
  const fragments = new Map(
    document.definitions.filter((one) => one.kind === "FragmentDefinition").map((one) => [one.name.value, one]),
  );
  return operationModule(schema, document, fragments, "x.graphql").replace(/\s+/g, " ");
}

test("answers have the shape of the selection, fragments spread and aliases kept", () => {
  const text = generated(`
    query People($wanted: Wanted, $first: Int!, $old: Boolean = false) {
      people(wanted: $wanted, first: $first) { ...Name who: id friends { name } age @include(if: $old) }
    }
    fragment Name on Person { name roles data }
  `);
  expect(text).toContain(
    "people: Array<{ name: string | null; roles: Array<Schema.Role>; data: Json; who: string; friends: Array<{ name: string | null; } | null> | null; age?: number; }>;",
  );
  expect(text).toContain("wanted?: Schema.Wanted | null; first: number; old?: boolean | null;");
  expect(text).toContain('new TypedDocument<PeopleData, PeopleVariables>("People", "query", `query People');
  expect(text.match(/fragment Name on Person/g)).toHaveLength(1);
});

test("inputs tell what must be given", () => {
  const text = schemaModule(schema).replace(/\s+/g, " ");
  expect(text).toContain('export type Role = "VIEWER" | "ADMIN";');
  expect(text).toContain("export type Wanted = { name: string; roles?: Array<Role> | null; note?: Json | null; };");
});

test("an operation without a name is refused", () => {
  expect(() => generated("{ people { id } }")).toThrow("every operation has a name");
});

// Types for every operation: reads the committed schema and all src/**/*.graphql, and writes beside each `x.graphql` a
// module `x.gql.ts` with one typed document an operation, and src/gql/schema.ts with the schema's enums and inputs.
// What a query asks for and what its answer is like can therefore not drift apart, nor from the server.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSchema, parse, print, validate } from "graphql";
import { operationModule, schemaModule } from "./operations.mjs";

const web = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const schema = buildSchema(readFileSync(join(web, "../server/api/schema.graphql"), "utf8"));

/** Written only where it differs, so that a watching editor or server is left alone. */
function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  let present = null;
  try {
    present = readFileSync(path, "utf8");
  } catch {
    // It is new.
  }
  if (present !== text) writeFileSync(path, text);
}

const sources = readdirSync(join(web, "src"), { recursive: true })
  .filter((path) => path.endsWith(".graphql"))
  .sort()
  .map((path) => join("src", path))
  .map((path) => ({ path, document: parse(readFileSync(join(web, path), "utf8")) }));

const definitions = sources.flatMap(({ document }) => document.definitions);
const problems = validate(schema, { kind: "Document", definitions }).filter(
  (problem) => !/^Fragment ".*" is never used/.test(problem.message),
);
if (problems.length > 0) {
  for (const problem of problems) console.error(`${problem.message}\n${(problem.nodes ?? []).map(print).join("\n")}\n`);
  process.exit(1);
}

const fragments = new Map(
  definitions.filter((one) => one.kind === "FragmentDefinition").map((one) => [one.name.value, one]),
);
write(join(web, "src/gql/schema.ts"), schemaModule(schema));
for (const { path, document } of sources) {
  const target = path.replace(/\.graphql$/, ".gql.ts");
  write(join(web, target), operationModule(schema, document, fragments, relative("src", path)));
}

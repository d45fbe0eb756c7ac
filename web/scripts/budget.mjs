// The budgets of the portal: what the first page loads, and what each route adds. Fails where one is exceeded.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const dist = new URL("../dist", import.meta.url).pathname;
const KIB = 1024;
const FIRST_JS = 200 * KIB;
const FIRST_CSS = 25 * KIB;
const ROUTE_JS = 200 * KIB;
/** Loaded by workers, or only for what is rare; heavier by decision. */
const EXEMPT = /elk/;
/** Never part of the first page. */
const LAZY = /recharts|codemirror|rjsf|xyflow|elk|react-markdown/;

const manifest = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8"));
const size = (file) => {
  try {
    return readFileSync(join(dist, `${file}.gz`)).length;
  } catch {
    return readFileSync(join(dist, file)).length;
  }
};

/** A chunk and all that is loaded with it. */
function closure(key, found = new Set()) {
  if (found.has(key)) return found;
  found.add(key);
  for (const other of manifest[key]?.imports ?? []) closure(other, found);
  return found;
}
const js = (keys) => [...keys].reduce((sum, key) => sum + size(manifest[key].file), 0);
const css = (keys) =>
  [...new Set([...keys].flatMap((key) => manifest[key].css ?? []))].reduce((sum, file) => sum + size(file), 0);
const shown = (bytes) => `${(bytes / KIB).toFixed(1)} KiB`;

const problems = [];
const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const first = closure(entry);
if (js(first) > FIRST_JS)
  problems.push(`the first page loads ${shown(js(first))} of JS; ${shown(FIRST_JS)} are allowed`);
if (css(first) > FIRST_CSS)
  problems.push(`the first page loads ${shown(css(first))} of CSS; ${shown(FIRST_CSS)} are allowed`);
const heavy = [...first].filter((key) => LAZY.test(key));
if (heavy.length > 0) problems.push(`the first page loads what should be lazy: ${heavy.join(", ")}`);
console.log(`first page: JS ${shown(js(first))}, CSS ${shown(css(first))} (gzip)`);

const lazy = Object.keys(manifest)
  .filter((key) => manifest[key].isDynamicEntry)
  .map((key) => ({ key, bytes: js([...closure(key)].filter((one) => !first.has(one))) }))
  .sort((one, other) => other.bytes - one.bytes);
for (const { key, bytes } of lazy) {
  if (bytes > ROUTE_JS && !EXEMPT.test(key))
    problems.push(`${key} adds ${shown(bytes)}; ${shown(ROUTE_JS)} are allowed`);
}
for (const { key, bytes } of lazy.slice(0, 8)) console.log(`${shown(bytes).padStart(10)}  ${key}`);
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}

/** Blueprints as JSON files, and back. */
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { asObject, asText, type Json, type JsonObject } from "@/lib/json";
import { editable, identifierProblem } from "./draft/definition";

/** Hands a file to the browser: one definition, or a list of them. */
export function exportModel(blueprints: readonly BlueprintDefinition[], name: string): void {
  const definitions = blueprints.map(({ json }) => editable(json));
  const [only] = definitions;
  const text = JSON.stringify(definitions.length === 1 ? only : definitions, null, 2);
  const url = URL.createObjectURL(new Blob([`${text}\n`], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name.replaceAll(/[\\/:]/g, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}

export type Imported = { definitions: JsonObject[]; problems: string[] };

/** Reads definitions from a text: one, a list, or Port's `{"blueprints": […]}`. */
export function readDefinitions(text: string): Imported {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch (error) {
    return { definitions: [], problems: [`This is no JSON: ${(error as Error).message}`] };
  }
  const wrapped = asObject(json).blueprints;
  const list = Array.isArray(json) ? json : Array.isArray(wrapped) ? wrapped : [json];
  const problems: string[] = [];
  const definitions: JsonObject[] = [];
  const seen = new Set<string>();
  list.forEach((one, index) => {
    const definition = editable(one);
    const identifier = asText(definition.identifier) ?? "";
    const where = list.length > 1 ? `Number ${index + 1}: ` : "";
    const isSystem = identifier === "_user" || identifier === "_team";
    const problem = isSystem && !seen.has(identifier) ? undefined : identifierProblem(identifier, seen, true);
    if (problem) problems.push(`${where}${problem}`);
    else if (asObject(asObject(definition.schema).properties) !== asObject(definition.schema).properties)
      problems.push(`${where}"${identifier}" has no schema with properties.`);
    else definitions.push(definition);
    seen.add(identifier);
  });
  if (list.length === 0) problems.push("There is no blueprint in it.");
  return { definitions, problems };
}

import { json } from "@codemirror/lang-json";
import { ensureSyntaxTree } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { expect, test } from "vitest";
import { jsonCursor } from "@/code-editor/jsonPath";
import { modelOf } from "../testing";
import { helpAt, keysAt, valuesAt } from "./keys";

/** The cursor stands at `|`. */
function cursor(text: string) {
  const state = EditorState.create({ doc: text.replace("|", ""), extensions: [json()] });
  ensureSyntaxTree(state, state.doc.length, 1_000);
  return jsonCursor(state, text.indexOf("|"));
}

test.each([
  ['{"ti|"}', true, [], []],
  ['{"title": "x", "|"}', true, [], ["title"]],
  ['{"schema": {"properties": {"tier": {"type": "str|"}}}}', false, ["schema", "properties", "tier", "type"], []],
  ['{"schema": {"properties": {"tier": {"title": "T", |}}}}', true, ["schema", "properties", "tier"], ["title"]],
  ['{"schema": {"required": ["|"]}}', false, ["schema", "required", "0"], []],
  ['{"relations": {"owner": {"target": |}}}', false, ["relations", "owner", "target"], []],
])("in %s", (text, isKey, keys, present) => {
  const found = cursor(text);
  expect(found?.isKey).toBe(isKey);
  expect(found?.keys).toEqual(keys);
  if (isKey) expect(found?.present).toEqual(present);
});

test("what can stand somewhere is offered there", () => {
  const names = (keys: string[]) => keysAt(keys).map(({ label }) => label);
  expect(names([])).toContain("aggregationProperties");
  expect(names(["schema", "properties", "tier"])).toEqual(expect.arrayContaining(["type", "format", "enum"]));
  expect(names(["relations", "owner"])).toEqual(["title", "description", "target", "many", "required", "inverse"]);
  expect(names(["schema", "properties"])).toEqual([]);
  const model = modelOf();
  const values = (keys: string[]) => valuesAt(keys, model, ["tier"]).map(({ label }) => label);
  expect(values(["schema", "properties", "x", "type"])).toContain('"boolean"');
  expect(values(["relations", "x", "target"])).toContain('"service"');
  expect(values(["schema", "required", "0"])).toEqual(['"tier"']);
  expect(values(["ownership", "type"])).toEqual(['"Direct"', '"Inherited"']);
  expect(helpAt(["relations", "owner", "inverse"])).toMatch(/GraphQL/);
  expect(helpAt(["relations", "owner"])).toBeUndefined();
});

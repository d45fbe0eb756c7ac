import { syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";

/** Where the cursor stands in JSON: the keys from the outside in, and whether a key or a value is being written. */
export type JsonCursor = {
  keys: string[];
  isKey: boolean;
  /** What of it is written already, quotes included. */
  from: number;
  to: number;
  /** Keys that the object has already. */
  present: string[];
};

type Tree = ReturnType<typeof syntaxTree>["topNode"];

export function jsonCursor(state: EditorState, position: number): JsonCursor | null {
  const tree = syntaxTree(state);
  let node: Tree | null = tree.resolveInner(position, -1);
  const isWord = ["String", "PropertyName", "True", "False", "Null", "Number"].includes(node.name);
  // Broken JSON: a half-written word is an error node.
  const isBroken = node.type.isError;
  const from = isWord || isBroken ? node.from : position;
  const to = isWord || isBroken ? node.to : position;
  const word = node;
  if (isWord || isBroken) node = node.parent;
  if (!node) return null;
  const text = (one: Tree) => state.sliceDoc(one.from, one.to);
  const keyOf = (property: Tree) => unquoted(text(property.firstChild ?? property));

  const keys: string[] = [];
  let isKey = false;
  if (node.name === "Property") {
    isKey = word.name === "PropertyName" || !hasColon(state, node, position);
    if (!isKey) keys.unshift(keyOf(node));
    node = node.parent;
  } else if (node.name === "Object") isKey = true;
  const object: Tree | null = node;
  for (let at: Tree | null = node; at; at = at.parent) {
    if (at.name === "Property") keys.unshift(keyOf(at));
    if (at.parent?.name === "Array") keys.unshift(String(indexIn(at.parent, at)));
  }
  if (object?.name === "Array" && !isKey) keys.push("0");
  const present: string[] = [];
  for (let child = object?.firstChild; child; child = child.nextSibling) {
    if (child.name === "Property" && !(child.from <= position && position <= child.to && isKey))
      present.push(keyOf(child));
  }
  return { keys, isKey, from, to, present };
}

function hasColon(state: EditorState, property: Tree, position: number): boolean {
  const key = property.firstChild;
  return key !== null && state.sliceDoc(key.to, position).includes(":");
}

function indexIn(list: Tree, item: Tree): number {
  let index = 0;
  for (let child = list.firstChild; child && child.from < item.from; child = child.nextSibling) {
    if (!["[", "]", ","].includes(child.name)) index++;
  }
  return index;
}

function unquoted(text: string): string {
  return text.replace(/^"|"$/g, "");
}

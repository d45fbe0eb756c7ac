/** Places in JSON text by JSON Pointer, also while the text is not whole yet. */

export type Range = { from: number; to: number };
export type JsonPlace = {
  /** Of the value. */
  value: Range;
  /** Of the key before it; none in a list and at the top. */
  key?: Range;
};

/** Where everything stands, by pointer. What follows a mistake in the text is not there. */
export function places(text: string): Map<string, JsonPlace> {
  const found = new Map<string, JsonPlace>();
  let at = 0;

  const skip = () => {
    while (at < text.length && " \t\r\n".includes(text.charAt(at))) at++;
  };
  const string = (): Range | undefined => {
    if (text[at] !== '"') return undefined;
    const from = at++;
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    if (at >= text.length) return undefined;
    return { from, to: ++at };
  };
  /** False where the text is not JSON from here on. */
  const value = (pointer: string, key?: Range): boolean => {
    skip();
    const from = at;
    const opens = text[at];
    let isWhole = true;
    // Its place is known before its end, so that what is wrong inside still has one.
    const note = () => found.set(pointer, { value: { from, to: Math.max(at, from + 1) }, ...(key ? { key } : {}) });
    note();
    if (opens === "{" || opens === "[") {
      at++;
      isWhole = opens === "{" ? members(pointer) : items(pointer);
    } else if (opens === '"') {
      isWhole = string() !== undefined;
    } else {
      while (at < text.length && /[\w.+-]/.test(text.charAt(at))) at++;
      isWhole = at > from;
    }
    note();
    return isWhole;
  };
  const members = (pointer: string): boolean => {
    for (;;) {
      skip();
      if (text[at] === "}") return Boolean(++at);
      const key = string();
      if (!key) return false;
      skip();
      if (text[at] !== ":") return false;
      at++;
      const name = nameOf(text.slice(key.from, key.to));
      if (!value(`${pointer}/${escaped(name)}`, key)) return false;
      skip();
      if (text[at] === ",") at++;
      else if (text[at] !== "}") return false;
    }
  };
  const items = (pointer: string): boolean => {
    for (let index = 0; ; index++) {
      skip();
      if (text[at] === "]") return Boolean(++at);
      if (!value(`${pointer}/${index}`)) return false;
      skip();
      if (text[at] === ",") at++;
      else if (text[at] !== "]") return false;
    }
  };
  value("");
  return found;
}

/** The place of a pointer; where there is nothing, that of the nearest thing around it. */
export function placeOf(text: string, pointer: string): Range {
  const all = places(text);
  let wanted = pointer;
  for (;;) {
    const found = all.get(wanted);
    if (found && wanted === pointer) return isShort(text, found.value) || !found.key ? found.value : found.key;
    if (found) return found.key ?? { from: found.value.from, to: found.value.from + 1 };
    if (wanted === "") return { from: 0, to: Math.min(1, text.length) };
    wanted = wanted.slice(0, wanted.lastIndexOf("/"));
  }
}

/** The line of a pointer, from 1. */
export function lineOf(text: string, pointer: string): number {
  const { from } = placeOf(text, pointer);
  return text.slice(0, from).split("\n").length;
}

/** The pointer of the innermost value or key at a position. */
export function pointerAt(text: string, position: number): string {
  let best = "";
  let bestLength = Number.POSITIVE_INFINITY;
  for (const [pointer, { value, key }] of places(text)) {
    const from = key?.from ?? value.from;
    if (position < from || position > value.to || value.to - from >= bestLength) continue;
    best = pointer;
    bestLength = value.to - from;
  }
  return best;
}

function isShort(text: string, { from, to }: Range): boolean {
  return !text.slice(from, to).includes("\n");
}

function nameOf(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted.slice(1, -1);
  }
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

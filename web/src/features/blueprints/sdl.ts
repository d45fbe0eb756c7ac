/** Cuts what belongs to one blueprint out of the catalog's SDL. */

/** Definitions of an SDL by name, each with its description. */
export function definitionsOf(sdl: string): Map<string, string> {
  const found = new Map<string, string>();
  let lines: string[] = [];
  let isInDescription = false;
  let name: string | undefined;
  for (const line of sdl.split("\n")) {
    if (name === undefined) {
      if (line.trim() === "" && !isInDescription) {
        lines = [];
        continue;
      }
      lines.push(line);
      const quotes = line.split('"""').length - 1;
      if (quotes % 2 === 1) isInDescription = !isInDescription;
      if (isInDescription || quotes > 0) continue;
      const head = /^(?:type|input|enum|interface|union|scalar) (\w+)/.exec(line);
      if (!head?.[1]) continue;
      name = head[1];
      if (line.trimEnd().endsWith("{")) continue;
    } else lines.push(line);
    if (line === "}" || !lines.some((one) => one.trimEnd().endsWith("{"))) {
      found.set(name, lines.join("\n"));
      lines = [];
      name = undefined;
    }
  }
  return found;
}

/** The type's text first, then what else is named after it. */
export function typesOf(sdl: string, type: string): Array<{ name: string; text: string }> {
  const all = definitionsOf(sdl);
  const suffixes = ["", "Input", "Filter", "Order", "OrderField", "Connection", "Edge", "Aggregate"];
  const named = suffixes.flatMap((suffix) => {
    const text = all.get(`${type}${suffix}`);
    return text ? [{ name: `${type}${suffix}`, text }] : [];
  });
  const used = new Set([...(named[0]?.text.matchAll(/: \[?(\w+)/g) ?? [])].map((match) => match[1] as string));
  const enums = [...used].flatMap((name) => {
    const text = all.get(name);
    return text && /^enum /m.test(text) ? [{ name, text }] : [];
  });
  return [...named, ...enums];
}

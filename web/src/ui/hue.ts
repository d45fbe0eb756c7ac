/** One of the six chart colours, always the same for a text. */
export function hueOf(text: string): 1 | 2 | 3 | 4 | 5 | 6 {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (hash * 31 + text.charCodeAt(at)) >>> 0;
  return ((hash % 6) + 1) as 1 | 2 | 3 | 4 | 5 | 6;
}

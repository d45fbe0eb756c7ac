/** An address that may be a link: http and https only, so that no script hides in one. */
export function safeLink(text: string | undefined): string | undefined {
  if (!text) return undefined;
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** What of an address is worth reading. */
export function shortAddress(text: string): string {
  return text.replace(/^https?:\/\/(www\.)?/, "").replace(/\/$/, "");
}

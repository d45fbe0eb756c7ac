/** An address of the portal itself; its beginning for anything else, so that no link leads elsewhere after sign-in. */
export function ownAddress(next: string | undefined): string {
  if (next === undefined) return "/";
  try {
    const url = new URL(next, location.origin);
    return url.origin === location.origin && !url.pathname.startsWith("/sign-in")
      ? url.pathname + url.search + url.hash
      : "/";
  } catch {
    return "/";
  }
}

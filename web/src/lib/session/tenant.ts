/** The tenant of the page is the first part of its address, `/t/SLUG/…`: a link leads to the same tenant for everybody. */
const PATTERN = /^\/t\/([^/]+)/;

export function tenantOf(path: string): string | undefined {
  const slug = PATTERN.exec(path)?.[1];
  return slug === undefined ? undefined : decodeURIComponent(slug);
}

export function tenantSlug(): string | undefined {
  return tenantOf(location.pathname);
}

/** Where a tenant's pages begin. */
export function tenantPath(slug: string): string {
  return `/t/${encodeURIComponent(slug)}`;
}

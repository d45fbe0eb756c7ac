import { recall, remember } from "@/lib/local";
import { loadSession, session } from "@/lib/session/session";
import { tenantPath, tenantSlug } from "@/lib/session/tenant";

const LAST = "portolan.tenant";

/** Lets a page of a tenant be shown: loads who is signed in, or leaves for where to go first. */
export async function enter(): Promise<void> {
  const open = session.get() ?? (await loadSession());
  const here = location.pathname + location.search + location.hash;
  if (!open) return leave(`/sign-in?next=${encodeURIComponent(here)}`);
  const slug = tenantSlug();
  if (slug !== undefined) {
    if (open.tenants.some((tenant) => tenant.slug === slug)) remember(LAST, slug);
    return;
  }
  const last = recall<string>(LAST, "");
  const tenant = open.tenants.find(({ slug }) => slug === last) ?? open.tenants[0];
  if (tenant) return leave(tenantPath(tenant.slug) + here);
}

/** Another load of the page; nothing of this one is shown any more. */
function leave(href: string): Promise<void> {
  location.replace(href);
  return new Promise(() => {});
}

/** Entities that were opened last in this browser, in the tenant of the page; the latest first. */
import { rememberedStore } from "./local";
import { tenantSlug } from "./session/tenant";

export type Recent = { blueprint: string; identifier: string; title: string | null };
const MOST = 12;
export const recents = rememberedStore<Recent[]>(`portolan.recents.${tenantSlug() ?? ""}`, []);

export function rememberOpened(opened: Recent): void {
  const others = recents
    .get()
    .filter((one) => one.blueprint !== opened.blueprint || one.identifier !== opened.identifier);
  recents.set([opened, ...others].slice(0, MOST));
}

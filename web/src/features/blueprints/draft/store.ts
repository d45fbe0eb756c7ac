/** The drafts of this browser, in the tenant of the page. They outlive the page; the steps back and forth do not. */
import { recall, remember } from "@/lib/local";
import { tenantSlug } from "@/lib/session/tenant";
import { createStore } from "@/lib/store";
import { type Design, type Drafts, NOTHING } from "./drafts";

const KEY = `portolan.drafts.${tenantSlug() ?? ""}`;
const store = createStore<Design>({ ...NOTHING, drafts: recall<Drafts>(KEY, {}) });

export const design = {
  ...store,
  set: (next: Design) => {
    if (next.drafts !== store.get().drafts) remember(KEY, next.drafts);
    store.set(next);
  },
};

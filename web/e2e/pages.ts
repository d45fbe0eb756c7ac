/** Every page of the portal, to be looked at in both themes and two widths (pages.spec.ts). */
export type PortalPage = {
  name: string;
  path: string;
  /** Before sign-in. */
  isPublic?: boolean;
  /** Something that is there when the page is. */
  shows: string | RegExp;
};

export const PAGES: readonly PortalPage[] = [
  { name: "sign-in", path: "/sign-in", isPublic: true, shows: "Password" },
  { name: "invitation-gone", path: "/invite/nonsense", isPublic: true, shows: "This link cannot be used." },
  { name: "catalog", path: "/t/demo/catalog", shows: "Something that runs and answers" },
  { name: "table", path: "/t/demo/catalog/service", shows: "Basket" },
  { name: "table-no-match", path: "/t/demo/catalog/service?q=zzzz", shows: "Nothing matches" },
  { name: "entity", path: "/t/demo/entity/service/basket", shows: "Where to ask" },
  { name: "entity-related", path: "/t/demo/entity/service/basket?tab=related", shows: "Deployment by Service" },
  { name: "entity-history", path: "/t/demo/entity/service/basket?tab=history", shows: "created it" },
  { name: "entity-json", path: "/t/demo/entity/service/basket?tab=json", shows: /"identifier": "basket"/ },
  { name: "not-found", path: "/t/demo/nowhere", shows: "There is no such page" },
];

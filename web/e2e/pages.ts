/** Every page of the portal, to be looked at in both themes and two widths (pages.spec.ts). */
export type PortalPage = {
  name: string;
  path: string;
  /** Before sign-in. */
  isPublic?: boolean;
  /** Something that is there when the page is: text, or an element. */
  shows: string | RegExp | { css: string };
};

export const PAGES: readonly PortalPage[] = [
  { name: "sign-in", path: "/sign-in", isPublic: true, shows: "Password" },
  { name: "invitation-gone", path: "/invite/nonsense", isPublic: true, shows: "This link cannot be used." },
  { name: "catalog", path: "/t/demo/catalog", shows: "Something that runs and answers" },
  { name: "table", path: "/t/demo/catalog/service", shows: "Basket" },
  { name: "table-quick-look", path: "/t/demo/catalog/service?look=basket", shows: "Where to ask" },
  { name: "table-no-match", path: "/t/demo/catalog/service?q=zzzz", shows: "Nothing matches" },
  { name: "entity", path: "/t/demo/entity/service/basket", shows: "Where to ask" },
  { name: "entity-related", path: "/t/demo/entity/service/basket?tab=related", shows: "Deployment by Service" },
  { name: "entity-history", path: "/t/demo/entity/service/basket?tab=history", shows: "created it" },
  { name: "entity-json", path: "/t/demo/entity/service/basket?tab=json", shows: /"identifier": "basket"/ },
  { name: "blueprints", path: "/t/demo/blueprints", shows: { css: ".react-flow__node" } },
  { name: "blueprint", path: "/t/demo/blueprints?blueprint=service", shows: "Reachable from outside" },
  {
    name: "blueprint-property",
    path: "/t/demo/blueprints?blueprint=service&at=%2Fschema%2Fproperties%2Ftier",
    shows: "Value where none is given",
  },
  {
    name: "blueprint-aggregation",
    path: "/t/demo/blueprints?blueprint=service&at=%2FaggregationProperties%2FopenIncidents",
    shows: "Way along relations",
  },
  { name: "blueprint-json", path: "/t/demo/blueprints?blueprint=service&tab=json", shows: '"Tier"' },
  { name: "blueprint-graphql", path: "/t/demo/blueprints?blueprint=service&tab=graphql", shows: "ServiceFilter" },
  { name: "blueprint-sample", path: "/t/demo/blueprints?blueprint=service&tab=sample", shows: "Made up" },
  { name: "blueprint-list", path: "/t/demo/blueprints?view=list", shows: "Related from" },
  { name: "not-found", path: "/t/demo/nowhere", shows: "There is no such page" },
];

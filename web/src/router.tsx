import type { QueryClient } from "@tanstack/react-query";
import { createRouter } from "@tanstack/react-router";
import { NothingHere, RouteFailure, RoutePending } from "@/features/shell/RouteStates";
import { tenantPath, tenantSlug } from "@/lib/session/tenant";
import { routeTree } from "./routeTree.gen";

/**
 * Routes are the same for every tenant; `/t/SLUG` before them says which one is meant. Another tenant is another load of
 * the page, so that nothing of one is left in caches and sockets of the other.
 */
export function createPortalRouter(queryClient: QueryClient) {
  const slug = tenantSlug();
  return createRouter({
    routeTree,
    basepath: slug === undefined ? "/" : tenantPath(slug),
    context: { queryClient },
    defaultPreload: "intent",
    // The query client decides what is fresh.
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    defaultPendingMs: 150,
    defaultPendingComponent: RoutePending,
    defaultErrorComponent: RouteFailure,
    defaultNotFoundComponent: NothingHere,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createPortalRouter>;
  }
}

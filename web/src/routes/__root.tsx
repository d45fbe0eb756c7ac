import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, Outlet } from "@tanstack/react-router";
import { NothingHere } from "@/features/shell/RouteStates";
import { Toasts } from "@/ui/Toasts";
import { TooltipProvider } from "@/ui/Tooltip";

export const Route = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: () => (
    <TooltipProvider delay={400}>
      <Toasts>
        <Outlet />
      </Toasts>
    </TooltipProvider>
  ),
  // Outside of the shell, which has the landmark and the heading of other pages.
  notFoundComponent: () => (
    <main>
      <h1 className="sr-only">Not found</h1>
      <NothingHere />
    </main>
  ),
});

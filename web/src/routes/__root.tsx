import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, Outlet } from "@tanstack/react-router";
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
});

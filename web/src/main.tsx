import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "@/lib/api/queryClient";
import { listenForHotkeys } from "@/lib/hotkeys";
import { followTheme } from "@/lib/theme";
import { createPortalRouter } from "./router";
import "./styles/base.css";

followTheme();
listenForHotkeys();
const queryClient = createQueryClient();
const router = createPortalRouter(queryClient);
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);

import { createFileRoute } from "@tanstack/react-router";
import { enter } from "@/features/shell/enter";
import { Shell } from "@/features/shell/Shell";

/** All pages of a tenant: whoever is not signed in is sent to sign in first. */
export const Route = createFileRoute("/_app")({
  beforeLoad: enter,
  component: Shell,
});

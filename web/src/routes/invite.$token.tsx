import { createFileRoute } from "@tanstack/react-router";
import { InvitationPage } from "@/features/sign-in/InvitationPage";

export const Route = createFileRoute("/invite/$token")({
  component: () => <InvitationPage token={Route.useParams().token} />,
});

import { createFileRoute } from "@tanstack/react-router";
import { ResetPage } from "@/features/sign-in/ResetPage";

export const Route = createFileRoute("/reset/$token")({
  component: () => <ResetPage token={Route.useParams().token} />,
});

import { createFileRoute } from "@tanstack/react-router";
import { BlueprintsPage } from "@/features/blueprints/BlueprintsPage";
import { type Search, searchSchema } from "@/features/blueprints/search";

export const Route = createFileRoute("/_app/blueprints")({
  validateSearch: searchSchema,
  component: RoutedBlueprints,
});

function RoutedBlueprints() {
  const search = Route.useSearch();
  const navigate = Route.useNavigate();
  const onChange = (change: Partial<Search>, isNewStep = false) => {
    void navigate({ search: (present) => ({ ...present, ...change }), replace: !isNewStep });
  };
  return <BlueprintsPage search={search} onChange={onChange} />;
}

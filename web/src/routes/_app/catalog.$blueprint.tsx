import { createFileRoute } from "@tanstack/react-router";
import { CatalogPage } from "@/features/catalog/CatalogPage";
import { type View, viewSchema } from "@/features/catalog/view";

export const Route = createFileRoute("/_app/catalog/$blueprint")({
  validateSearch: viewSchema,
  component: RoutedCatalog,
});

function RoutedCatalog() {
  const { blueprint } = Route.useParams();
  const view = Route.useSearch() as View;
  const navigate = Route.useNavigate();
  const onChange = (change: Partial<View>, isNewStep = false) => {
    void navigate({ search: (present) => ({ ...present, ...change }), replace: !isNewStep });
  };
  return <CatalogPage key={blueprint} blueprint={blueprint} view={view} onChange={onChange} />;
}

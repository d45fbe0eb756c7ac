import { createFileRoute } from "@tanstack/react-router";
import * as v from "valibot";
import { EntityPage } from "@/features/entity/EntityPage";
import { TABS, type TabName } from "@/features/entity/tabs";

export const Route = createFileRoute("/_app/entity/$blueprint/$identifier")({
  validateSearch: v.object({ tab: v.fallback(v.optional(v.picklist(TABS)), undefined) }),
  component: RoutedEntity,
});

function RoutedEntity() {
  const { blueprint, identifier } = Route.useParams();
  const { tab } = Route.useSearch();
  const navigate = Route.useNavigate();
  const onTab = (next: TabName) => void navigate({ search: { tab: next === "overview" ? undefined : next } });
  return (
    <EntityPage
      key={`${blueprint} ${identifier}`}
      blueprint={blueprint}
      identifier={identifier}
      tab={tab ?? "overview"}
      onTab={onTab}
    />
  );
}

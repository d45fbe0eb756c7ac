import { createFileRoute } from "@tanstack/react-router";
import { CatalogOverviewPage } from "@/features/catalog/CatalogOverviewPage";

export const Route = createFileRoute("/_app/catalog/")({ component: CatalogOverviewPage });

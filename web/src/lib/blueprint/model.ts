import { useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import type { ApiError } from "@/lib/api/error";
import { useApiQuery } from "@/lib/api/hooks";
import { useLive } from "@/lib/api/live";
import { type BlueprintDefinition, Model, readBlueprint } from "./definition";
import { Blueprints, type BlueprintsData, ModelChanged } from "./model.gql";

const EMPTY = new Model([], 0);
/** One model an answer, however many components ask. */
const models = new WeakMap<BlueprintsData, Model>();

export function modelOf(data: BlueprintsData): Model {
  const present = models.get(data);
  if (present) return present;
  const sorted = [...data.blueprints].sort((one, other) => one.title.localeCompare(other.title));
  const model = new Model(sorted.map(readBlueprint), data.model.revision);
  models.set(data, model);
  return model;
}

/** The tenant's blueprints, by title. Empty until they are there. */
export function useModel(): { model: Model; isPending: boolean; error: ApiError | null; retry: () => void } {
  const { data, isPending, error, refetch } = useApiQuery(Blueprints, {}, { fresh: 60_000 });
  const model = useMemo(() => (data ? modelOf(data) : EMPTY), [data]);
  return { model, isPending, error, retry: () => void refetch() };
}

/** Keeps the blueprints as they are on the server; once, by the shell. */
export function useLiveModel(): void {
  const client = useQueryClient();
  useLive(ModelChanged, {}, () => void client.invalidateQueries({ queryKey: [Blueprints.name] }));
}

/** Blueprints that every tenant has. */
export function isSystem({ identifier }: BlueprintDefinition): boolean {
  return identifier.startsWith("_");
}

import type { ApiError } from "@/lib/api/error";
import { useApiQuery } from "@/lib/api/hooks";
import { EntityByIdentifier, type EntityByIdentifierData } from "./entity-values.gql";

export type WholeEntity = NonNullable<EntityByIdentifierData["entity"]>;

/** An entity with who wrote its values; undefined until it is there, null where there is none. */
export function useEntity(blueprint: string, identifier: string | undefined) {
  const { data, isPending, error, refetch } = useApiQuery(
    EntityByIdentifier,
    { blueprint, identifier: identifier ?? "" },
    { enabled: identifier !== undefined },
  );
  return {
    entity: data?.entity,
    isPending,
    error: error as ApiError | null,
    retry: () => void refetch(),
    /** Asks again; answers the entity as it is now. */
    reload: async () => (await refetch()).data?.entity,
  };
}

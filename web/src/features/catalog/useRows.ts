import { useCallback, useMemo } from "react";
import type { Sort } from "@/data-table/columns";
import { useBlocks } from "@/data-table/useBlocks";
import { learnTitles } from "@/entity-values/titles";
import { call } from "@/lib/api/call";
import { useApiQuery } from "@/lib/api/hooks";
import type { Json } from "@/lib/json";
import type { Group } from "@/rules/rule";
import { CatalogCount, CatalogRows } from "./catalog.gql";

export type RowsQuestion = {
  blueprint: string;
  rules: Group | undefined;
  sort: readonly Sort[];
  withComputed: boolean;
};

/** The rows of a table, block by block, and how many there are: asked apart, so that counting never holds up rows. */
export function useRows({ blueprint, rules, sort, withComputed }: RowsQuestion) {
  const variables = useMemo(
    () => ({
      blueprint,
      rules: (rules ?? null) as Json,
      orderBy: orderOf(sort),
      withComputed,
    }),
    [blueprint, rules, sort, withComputed],
  );
  const fetch = useCallback(
    async (offset: number, first: number, signal: AbortSignal) => {
      const { entities } = await call(CatalogRows, { ...variables, offset, first }, signal);
      learnTitles(blueprint, entities.nodes);
      return { rows: entities.nodes, hasNext: entities.pageInfo.hasNextPage };
    },
    [blueprint, variables],
  );
  const blocks = useBlocks({ queryKey: [CatalogRows.name, variables], fetch });
  const count = useApiQuery(CatalogCount, { blueprint, rules: variables.rules }, { keep: true });
  const total = count.data && !count.isPlaceholderData ? count.data.entities.totalCount : undefined;
  return {
    ...blocks,
    total,
    // Rows far down are on their way while it is known how many there are.
    isPending: blocks.isPending && total === undefined,
    count: blocks.isOld ? (count.data?.entities.totalCount ?? blocks.known) : (total ?? blocks.known),
  };
}

/** By title where nothing else is wanted. */
export function orderOf(sort: readonly Sort[]) {
  if (sort.length === 0) return [{ property: "$title" }];
  return sort.map(({ id, direction }) => ({ property: id, direction }));
}

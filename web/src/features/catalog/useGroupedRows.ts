import { useQueries } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { call } from "@/lib/api/call";
import type { ApiError } from "@/lib/api/error";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { asObject, type Json } from "@/lib/json";
import { useDebounced } from "@/lib/useDebounced";
import { CatalogGroups, type CatalogRow, CatalogRows } from "./catalog.gql";
import { flatten, type GroupCount, type GroupHeader, type GroupPath, pathKey, rulesOfGroup, stretchAt } from "./groups";
import { orderOf, type RowsQuestion } from "./useRows";

const BLOCK = 100;
const PAUSE = 40;
const KEPT = 30_000;

type Question = Omit<RowsQuestion, "blueprint"> & { blueprint: BlueprintDefinition; groupBy: readonly string[] };

/** The rows of a table under their groups: counts first, what is in a group when it is opened. */
export function useGroupedRows({ blueprint, rules, sort, withComputed, groupBy }: Question) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [range, setRange] = useState({ first: 0, end: 40 });
  const wanted = useDebounced(range, PAUSE);
  const isOn = groupBy.length > 0;
  const paths = useMemo(() => {
    const inner = [...opened].map((key) => JSON.parse(key) as GroupPath).filter((path) => path.length < groupBy.length);
    return isOn ? [[] as GroupPath, ...inner] : [];
  }, [opened, groupBy, isOn]);
  const results = useQueries({
    queries: paths.map((path) => {
      const property = groupBy[path.length] ?? "";
      const variables = {
        blueprint: blueprint.identifier,
        rules: jsonOf(blueprint, rules, groupBy, path),
        groupBy: [{ property }],
      };
      return {
        queryKey: [CatalogGroups.name, variables],
        queryFn: ({ signal }: { signal: AbortSignal }) => call(CatalogGroups, variables, signal),
        select: ({
          entitiesAggregate,
        }: {
          entitiesAggregate: { groups: Array<{ key: Json; count: number }> };
        }): GroupCount[] =>
          entitiesAggregate.groups.map(({ key, count }) => ({ value: asObject(key)[property] ?? null, count })),
      };
    }),
  });
  const byPath = new Map(paths.map((path, index) => [pathKey(path), results[index]?.data]));
  const stretches = isOn ? flatten(groupBy, opened, (path) => byPath.get(pathKey(path))) : [];
  const last = stretches.at(-1);
  const count = last ? last.start + last.count : 0;

  const blocks = stretches.flatMap((stretch) => {
    if (stretch.kind !== "rows") return [];
    const from = Math.max(0, wanted.first - stretch.start);
    const to = Math.min(stretch.count, wanted.end - stretch.start);
    if (from >= to) return [];
    const [one, other] = [Math.floor(from / BLOCK), Math.floor((to - 1) / BLOCK)];
    return Array.from({ length: other - one + 1 }, (_, index) => ({ path: stretch.path, block: one + index }));
  });
  const rows = useQueries({
    queries: blocks.map(({ path, block }) => {
      const variables = {
        blueprint: blueprint.identifier,
        rules: jsonOf(blueprint, rules, groupBy, path),
        orderBy: orderOf(sort),
        withComputed,
        first: BLOCK,
        offset: block * BLOCK,
      };
      return {
        queryKey: [CatalogRows.name, variables],
        queryFn: async ({ signal }: { signal: AbortSignal }) => ({
          rows: (await call(CatalogRows, variables, signal)).entities.nodes,
        }),
        gcTime: KEPT,
      };
    }),
  });
  const byBlock = new Map(
    blocks.map(({ path, block }, index) => [`${block} ${pathKey(path)}`, rows[index]?.data?.rows]),
  );
  const rowAt = (index: number): CatalogRow | GroupHeader | undefined => {
    const stretch = stretchAt(stretches, index);
    if (stretch?.kind === "header") return stretch.header;
    if (stretch?.kind !== "rows") return undefined;
    const at = index - stretch.start;
    return byBlock.get(`${Math.floor(at / BLOCK)} ${pathKey(stretch.path)}`)?.[at % BLOCK];
  };
  const onVisible = useCallback((first: number, end: number) => setRange({ first, end }), []);
  const toggle = useCallback((key: string) => {
    setOpened((present) => {
      const next = new Set(present);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  const failed = [...results, ...rows].find((result) => result.isError);
  return {
    count,
    rowAt,
    onVisible,
    toggle,
    isPending: isOn && results[0]?.isPending === true,
    error: (failed?.error ?? null) as ApiError | null,
    retry: () => {
      for (const result of [...results, ...rows]) if (result.isError) void result.refetch();
    },
  };
}

function jsonOf(
  blueprint: BlueprintDefinition,
  rules: RowsQuestion["rules"],
  groupBy: readonly string[],
  path: GroupPath,
): Json {
  return (rulesOfGroup(blueprint, rules, groupBy, path) ?? null) as Json;
}

import { keepPreviousData, type QueryKey, useQueries } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import type { ApiError } from "@/lib/api/error";
import { useDebounced } from "@/lib/useDebounced";

export type Block<Row> = { rows: Row[]; hasNext: boolean };

type BlocksOptions<Row> = {
  /** Names the list: what is asked, in what order. */
  queryKey: QueryKey;
  fetch: (offset: number, size: number, signal: AbortSignal) => Promise<Block<Row>>;
  /** Rows a request. */
  size?: number;
};

/** How long the table must rest before rows are asked for, in milliseconds. */
const PAUSE = 40;
/** How long blocks out of sight are kept, in milliseconds: enough to scroll back, not to fill the memory. */
const KEPT = 30_000;

/** A long list in blocks: those in sight are fetched, others forgotten. */
export function useBlocks<Row>({ queryKey, fetch, size = 100 }: BlocksOptions<Row>) {
  const [range, setRange] = useState({ first: 0, end: 40 });
  const wanted = useDebounced(range, PAUSE);
  const blocks = useMemo(() => {
    const first = Math.floor(wanted.first / size);
    const last = Math.floor(Math.max(wanted.first, wanted.end - 1) / size);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  }, [wanted, size]);
  const results = useQueries({
    queries: blocks.map((block) => ({
      queryKey: [...queryKey, "block", block, size],
      queryFn: ({ signal }: { signal: AbortSignal }) => fetch(block * size, size, signal),
      gcTime: KEPT,
      ...(block === 0 ? { placeholderData: keepPreviousData } : {}),
    })),
  });
  const byBlock = new Map(blocks.map((block, index) => [block, results[index]?.data]));
  const rowAt = (index: number): Row | undefined => byBlock.get(Math.floor(index / size))?.rows[index % size];
  /** How many rows there are at least, as far as is known. */
  const known = blocks.reduce((most, block, index) => {
    const data = results[index]?.data;
    return data ? Math.max(most, block * size + data.rows.length + (data.hasNext ? 1 : 0)) : most;
  }, 0);
  const onVisible = useCallback((first: number, end: number) => {
    setRange((present) => (present.first === first && present.end === end ? present : { first, end }));
  }, []);
  const failed = results.find((result) => result.isError);
  return {
    rowAt,
    known,
    onVisible,
    /** Nothing is known yet. */
    isPending: results.every((result) => result.isPending),
    /** What is shown answers an earlier question. */
    isOld: results.some((result) => result.isPlaceholderData),
    error: (failed?.error ?? null) as ApiError | null,
    retry: () => {
      for (const result of results) if (result.isError) void result.refetch();
    },
  };
}

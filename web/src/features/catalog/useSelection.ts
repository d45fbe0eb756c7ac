import { useEffect, useMemo, useRef, useState } from "react";
import type { Selection } from "@/data-table/DataTable";
import type { CatalogRow } from "./catalog.gql";

/** Chosen one by one, or all that match, however many are loaded. */
export type Chosen = { isAll: true } | { isAll: false; keys: ReadonlySet<string> };
const NONE: Chosen = { isAll: false, keys: new Set() };

/** `question` names what is asked: for another one, nothing is chosen any more. */
export function useSelection(question: string, count: number, rowAt: (index: number) => CatalogRow | undefined) {
  const [chosen, setChosen] = useState<Chosen>(NONE);
  const anchor = useRef(0);
  const rows = useRef(rowAt);
  rows.current = rowAt;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the question is why it begins anew
  useEffect(() => setChosen(NONE), [question]);
  const number = chosen.isAll ? count : chosen.keys.size;
  const selection = useMemo<Selection>(
    () => ({
      has: (key) => chosen.isAll || chosen.keys.has(key),
      extent: number === 0 ? "none" : number >= count ? "all" : "some",
      toggle: (key, index, isRange) => {
        const keys = new Set(chosen.isAll ? [] : chosen.keys);
        const isAdded = !keys.has(key);
        const [from, to] = isRange
          ? [Math.min(anchor.current, index), Math.max(anchor.current, index)]
          : [index, index];
        for (let at = from; at <= to; at++) {
          const one = at === index ? key : rows.current(at)?.identifier;
          if (one === undefined) continue;
          if (isAdded) keys.add(one);
          else keys.delete(one);
        }
        anchor.current = index;
        setChosen({ isAll: false, keys });
      },
      toggleAll: () => setChosen(number === 0 ? { isAll: true } : NONE),
    }),
    [chosen, number, count],
  );
  return { selection, chosen, number, chooseAll: () => setChosen({ isAll: true }), clear: () => setChosen(NONE) };
}

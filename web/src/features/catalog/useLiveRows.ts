import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import type { Block } from "@/data-table/useBlocks";
import { useLive } from "@/lib/api/live";
import { asObject, asText, isSame, type Json } from "@/lib/json";
import type { Group } from "@/rules/rule";
import { CatalogChanges, type CatalogChangesData, CatalogCount, type CatalogRow, CatalogRows } from "./catalog.gql";

type Change = CatalogChangesData["entityChanged"];

/**
 * Follows changes of the rows: those that are shown are changed in their place; that others came, went or moved is
 * counted, and waits until it is applied, so that nothing moves under the reader's hand.
 */
export function useLiveRows(blueprint: string, rules: Group | undefined): { waiting: number; apply: () => void } {
  const client = useQueryClient();
  const [waiting, setWaiting] = useState(0);
  const seen = useRef(new Set<string>());
  const question = JSON.stringify([blueprint, rules]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question begins anew
  useEffect(() => {
    seen.current.clear();
    setWaiting(0);
  }, [question]);
  useLive(CatalogChanges, { blueprint, rules: (rules ?? null) as Json }, ({ entityChanged }) => {
    if (changeInPlace(client, entityChanged)) return;
    seen.current.add(asText(asObject(entityChanged.after ?? entityChanged.before).identifier) ?? "");
    setWaiting(seen.current.size);
  });
  const apply = useCallback(() => {
    seen.current.clear();
    setWaiting(0);
    for (const { name } of [CatalogRows, CatalogCount]) void client.invalidateQueries({ queryKey: [name] });
  }, [client]);
  return { waiting, apply };
}

/** Whether the entity is in a block and could be changed there. */
function changeInPlace(client: QueryClient, { kind, before, after, event }: Change): boolean {
  if (kind !== "UPDATED") return false;
  const [old, next] = [asObject(before), asObject(after)];
  const identifier = asText(old.identifier);
  if (identifier === undefined || !isSame(old.identifier ?? null, next.identifier ?? null)) return false;
  let isFound = false;
  const change = (row: CatalogRow): CatalogRow => {
    if (row.identifier !== identifier) return row;
    isFound = true;
    return {
      ...row,
      title: asText(next.title) ?? null,
      icon: asText(next.icon) ?? null,
      team: (Array.isArray(next.team) ? next.team : []).map(String),
      properties: next.properties ?? {},
      relations: next.relations ?? {},
      updatedAt: event.at,
      updatedBy: event.actor,
      revision: row.revision + 1,
    };
  };
  client.setQueriesData<Block<CatalogRow>>({ queryKey: [CatalogRows.name] }, (block) =>
    block ? { ...block, rows: block.rows.map(change) } : block,
  );
  return isFound;
}

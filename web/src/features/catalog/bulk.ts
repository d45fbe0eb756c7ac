/** One thing done to many entities, in portions, with books about how far it is. */
import { call } from "@/lib/api/call";
import type { ApiError } from "@/lib/api/error";
import type { Json } from "@/lib/json";
import type { Group } from "@/rules/rule";
import { CatalogIdentifiers, ChangeEntities, type ChangeEntitiesVariables, DeleteEntities } from "./catalog.gql";
import type { Chosen } from "./useSelection";

export type BulkState = { done: number; failed: number; firstProblem: string | undefined };
type Portion = { done: number; failed: number; problem?: string | undefined };
export type What = { blueprint: string; rules: Group | undefined; chosen: Chosen };
type Change = Omit<
  ChangeEntitiesVariables["input"] extends Array<infer Item> ? Item : never,
  "blueprint" | "identifier"
>;

const PORTION = 500;

/**
 * The identifiers, in portions. All that match are read before the first is changed: a change may make one match no
 * longer, and a page that is read later would leave another out.
 */
async function identifiers({ blueprint, rules, chosen }: What, signal: AbortSignal): Promise<string[]> {
  if (!chosen.isAll) return [...chosen.keys];
  const found: string[] = [];
  let after: string | null = null;
  do {
    const {
      entities,
    }: {
      entities: { nodes: Array<{ identifier: string }>; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
    } = await call(CatalogIdentifiers, { blueprint, rules: (rules ?? null) as Json, after }, signal);
    found.push(...entities.nodes.map((node) => node.identifier));
    after = entities.pageInfo.hasNextPage ? entities.pageInfo.endCursor : null;
  } while (after !== null);
  return found;
}

async function inPortions(
  what: What,
  signal: AbortSignal,
  report: (state: BulkState) => void,
  carryOut: (identifiers: string[]) => Promise<Portion>,
): Promise<BulkState> {
  const all = await identifiers(what, signal);
  let state: BulkState = { done: 0, failed: 0, firstProblem: undefined };
  for (let from = 0; from < all.length && !signal.aborted; from += PORTION) {
    const { done, failed, problem } = await carryOut(all.slice(from, from + PORTION));
    state = { done: state.done + done, failed: state.failed + failed, firstProblem: state.firstProblem ?? problem };
    report(state);
  }
  return state;
}

export function changeMany(what: What, change: Change, signal: AbortSignal, report: (state: BulkState) => void) {
  return inPortions(what, signal, report, async (some) => {
    const input = some.map((identifier) => ({ ...change, blueprint: what.blueprint, identifier }));
    const { upsertEntities } = await call(ChangeEntities, { input }, signal);
    const problem = upsertEntities.results.flatMap(({ errors }) => errors)[0]?.message;
    return { done: some.length - upsertEntities.failed, failed: upsertEntities.failed, problem };
  });
}

export function deleteMany(what: What, signal: AbortSignal, report: (state: BulkState) => void) {
  return inPortions(what, signal, report, async (some) => {
    try {
      const { deleteEntities } = await call(DeleteEntities, { blueprint: what.blueprint, identifiers: some }, signal);
      return { done: deleteEntities.deleted.length, failed: 0 };
    } catch (error) {
      // What could go is gone; the rest is told as problems.
      const { problems, message } = error as ApiError;
      if (problems === undefined || problems.length === 0) throw error;
      return { done: some.length - problems.length, failed: problems.length, problem: message };
    }
  });
}

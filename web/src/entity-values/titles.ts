/** Titles of entities that only identifiers are known of. Asked for together, a request a blueprint. */
import { useCallback, useEffect, useSyncExternalStore } from "react";
import { call } from "@/lib/api/call";
import { EntityTitles } from "./entity-values.gql";

/** How long requests are gathered, in milliseconds. */
const PAUSE = 16;
/** Most of one request. */
const MOST = 500;

/** Null where there is no such entity, or it has no title. */
type Titles = Map<string, string | null>;
const known = new Map<string, Titles>();
const wanted = new Map<string, Set<string>>();
const listeners = new Set<() => void>();
let isAsking = false;

/** The title; undefined until it is known. */
export function useTitle(blueprint: string, identifier: string): string | null | undefined {
  const read = useCallback(() => known.get(blueprint)?.get(identifier), [blueprint, identifier]);
  useEffect(() => {
    if (read() === undefined) want(blueprint, identifier);
  }, [blueprint, identifier, read]);
  return useSyncExternalStore(subscribe, read);
}

/** Takes over titles that came with something else. */
export function learnTitles(
  blueprint: string,
  entities: ReadonlyArray<{ identifier: string; title: string | null }>,
): void {
  const titles = titlesOf(blueprint);
  let isNew = false;
  for (const { identifier, title } of entities) {
    isNew ||= titles.get(identifier) !== title;
    titles.set(identifier, title);
  }
  if (isNew) for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function titlesOf(blueprint: string): Titles {
  const present = known.get(blueprint);
  if (present) return present;
  const titles: Titles = new Map();
  known.set(blueprint, titles);
  return titles;
}

function want(blueprint: string, identifier: string): void {
  const identifiers = wanted.get(blueprint) ?? new Set();
  wanted.set(blueprint, identifiers.add(identifier));
  if (!isAsking) setTimeout(ask, PAUSE);
  isAsking = true;
}

function ask(): void {
  isAsking = false;
  const all = [...wanted].map(([blueprint, identifiers]) => ({ blueprint, identifiers: [...identifiers] }));
  wanted.clear();
  for (const { blueprint, identifiers } of all) {
    for (let from = 0; from < identifiers.length; from += MOST) {
      const some = identifiers.slice(from, from + MOST);
      const rules = { combinator: "and", rules: [{ property: "$identifier", operator: "in", value: some }] };
      call(EntityTitles, { blueprint, rules }).then(
        ({ entities }) => {
          const titles = new Map(entities.nodes.map((node) => [node.identifier, node.title]));
          learnTitles(
            blueprint,
            some.map((identifier) => ({ identifier, title: titles.get(identifier) ?? null })),
          );
        },
        // Identifiers stand for titles meanwhile; whoever shows them next asks again.
        () => {},
      );
    }
  }
}

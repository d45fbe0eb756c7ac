/** In which order drafts are published, so that everything that one names is there before it. */
import { asObject, asText, type JsonObject } from "@/lib/json";
import { partsOf } from "./definition";
import type { Drafts } from "./drafts";

export type PublishStep = {
  identifier: string;
  /** What is sent: the draft, or less of it where the rest must wait for another. */
  definition: JsonObject;
  isNew: boolean;
  /** The rest follows in a later step. */
  isPart: boolean;
};

/** The blueprints that a definition names. */
export function namedBlueprints(definition: JsonObject): Set<string> {
  const targets = [
    ...Object.values(partsOf(definition, "relation")),
    ...Object.values(partsOf(definition, "aggregation")),
  ];
  return new Set(targets.map((part) => asText(asObject(part).target)).filter((target) => target !== undefined));
}

/**
 * First the new ones, those that others name before these. New ones in a circle are made bare, and get their relations and
 * computed properties when all are there. Then the others.
 */
export function publishSteps(drafts: Drafts): PublishStep[] {
  const isNew = (identifier: string) => drafts[identifier]?.base === null;
  const waiting = new Map(Object.entries(drafts).filter(([identifier]) => isNew(identifier)));
  const steps: PublishStep[] = [];
  const later: PublishStep[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting].filter(([identifier, { definition }]) =>
      [...namedBlueprints(definition)].every((name) => name === identifier || !waiting.has(name)),
    );
    for (const [identifier, { definition }] of ready) {
      steps.push({ identifier, definition, isNew: true, isPart: false });
      waiting.delete(identifier);
    }
    if (ready.length > 0) continue;
    const [first] = waiting;
    if (!first) break;
    const [identifier, { definition }] = first;
    steps.push({ identifier, definition: bare(definition), isNew: true, isPart: true });
    later.push({ identifier, definition, isNew: false, isPart: false });
    waiting.delete(identifier);
  }
  const changed = Object.entries(drafts)
    .filter(([identifier]) => !isNew(identifier))
    .map(([identifier, { definition }]): PublishStep => ({ identifier, definition, isNew: false, isPart: false }));
  return [...steps, ...later, ...changed];
}

/** A definition that names no other blueprint. */
function bare(definition: JsonObject): JsonObject {
  const {
    relations: _,
    mirrorProperties: _m,
    calculationProperties: _c,
    aggregationProperties: _a,
    ownership: _o,
    ...rest
  } = definition;
  return rest;
}

/**
 * The draft without what names blueprints that the server does not have yet, so that the server can say what the rest of
 * it does to entities that are there.
 */
export function plannable(
  definition: JsonObject,
  isThere: (identifier: string) => boolean,
): { definition: JsonObject; waits: string[] } {
  const isMissing = (name: string | undefined) =>
    name !== undefined && name !== definition.identifier && !isThere(name);
  const waits = [...namedBlueprints(definition)].filter(isMissing);
  if (waits.length === 0) return { definition, waits };
  const relations = partsOf(definition, "relation");
  const gone = new Set(Object.keys(relations).filter((key) => isMissing(asText(asObject(relations[key]).target))));
  const kept = (parts: JsonObject, isKept: (part: JsonObject) => boolean) =>
    Object.fromEntries(Object.entries(parts).filter(([, part]) => isKept(asObject(part))));
  const beginsThere = (path: string | undefined) => !gone.has(path?.split(".")[0] ?? "");
  const next: JsonObject = {
    ...definition,
    relations: Object.fromEntries(Object.entries(relations).filter(([key]) => !gone.has(key))),
  };
  if (definition.mirrorProperties)
    next.mirrorProperties = kept(partsOf(definition, "mirror"), ({ path }) => beginsThere(asText(path)));
  if (definition.aggregationProperties) {
    next.aggregationProperties = kept(partsOf(definition, "aggregation"), ({ target }) => !isMissing(asText(target)));
  }
  if (!beginsThere(asText(asObject(definition.ownership).path))) delete next.ownership;
  return { definition: next, waits };
}

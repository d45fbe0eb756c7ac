/** Blueprints that are being edited: what differs from the server, and the steps back and forth. No React, no storage. */
import type { BlueprintDefinition, Model } from "@/lib/blueprint/definition";
import { Model as ModelOf, readBlueprint } from "@/lib/blueprint/definition";
import { asText, isSame, type JsonObject } from "@/lib/json";
import { editable, emptyDefinition } from "./definition";
import { type Conflict, merge } from "./merge";

/** One blueprint that differs from the server. */
export type Draft = {
  /** The definition that the editing began from; null where the blueprint is new. */
  base: JsonObject | null;
  /** The revision of that definition: what the server compares before it replaces it. */
  revision: number | null;
  definition: JsonObject;
};

/** By the blueprint's identifier, which is that of the definition. */
export type Drafts = Readonly<Record<string, Draft>>;

export type Design = {
  drafts: Drafts;
  past: readonly Drafts[];
  future: readonly Drafts[];
  /** What the last step changed and when, in milliseconds: typing on is one step. */
  last: { tag: string; at: number } | undefined;
};

export const NOTHING: Design = { drafts: {}, past: [], future: [], last: undefined };
/** Steps that can be undone. */
const MOST_STEPS = 200;
/** Changes of the same value within this time are one step, in milliseconds. */
const ONE_STEP = 1_200;

/** A step. Those with the same tag, one right after the other, are undone together. */
export function step(design: Design, drafts: Drafts, tag: string, now: number): Design {
  if (drafts === design.drafts) return design;
  const { last } = design;
  const goesOn = last !== undefined && last.tag === tag && now - last.at < ONE_STEP;
  const past = goesOn ? design.past : [...design.past, design.drafts].slice(-MOST_STEPS);
  return { drafts, past, future: [], last: { tag, at: now } };
}

export function undo(design: Design): Design {
  const before = design.past.at(-1);
  if (before === undefined) return design;
  return { drafts: before, past: design.past.slice(0, -1), future: [design.drafts, ...design.future], last: undefined };
}

export function redo(design: Design): Design {
  const [after, ...future] = design.future;
  if (after === undefined) return design;
  return { drafts: after, past: [...design.past, design.drafts], future, last: undefined };
}

/** Another set of drafts without a step: what was published, renamed or merged cannot be undone here. */
export function settle(drafts: Drafts): Design {
  return { ...NOTHING, drafts };
}

/** What the server has, as it is edited. */
export function serverDefinition(model: Model, identifier: string): JsonObject | undefined {
  const found = model.get(identifier);
  return found && editable(found.json);
}

/** The definition as it stands now. */
export function definitionOf(model: Model, drafts: Drafts, identifier: string): JsonObject | undefined {
  return drafts[identifier]?.definition ?? serverDefinition(model, identifier);
}

/** Another definition of a blueprint; none where it is that of the server. */
export function withDefinition(model: Model, drafts: Drafts, identifier: string, definition: JsonObject): Drafts {
  const present = drafts[identifier];
  const server = model.get(identifier);
  const base = present ? present.base : server ? editable(server.json) : null;
  if (base !== null && isSame(base, definition)) return without(drafts, identifier);
  if (
    present &&
    isSame(present.definition, definition) &&
    JSON.stringify(present.definition) === JSON.stringify(definition)
  )
    return drafts;
  return {
    ...drafts,
    [identifier]: { base, revision: present ? present.revision : (server?.revision ?? null), definition },
  };
}

export function without(drafts: Drafts, identifier: string): Drafts {
  if (!(identifier in drafts)) return drafts;
  const { [identifier]: _, ...others } = drafts;
  return others;
}

export function withNewBlueprint(drafts: Drafts, identifier: string, title: string, icon?: string): Drafts {
  return {
    ...drafts,
    [identifier]: { base: null, revision: null, definition: emptyDefinition(identifier, title, icon) },
  };
}

/** A blueprint that is not on the server yet under another identifier; relations of drafts to it follow. */
export function withRenamedBlueprint(drafts: Drafts, from: string, to: string): Drafts {
  const entries = Object.entries(drafts).map(([key, draft]): [string, Draft] => {
    const definition = retarget(draft.definition, from, to);
    return key === from
      ? [to, { ...draft, definition: { ...definition, identifier: to } }]
      : [key, { ...draft, definition }];
  });
  return Object.fromEntries(entries);
}

function retarget(definition: JsonObject, from: string, to: string): JsonObject {
  const mend = (parts: JsonObject) =>
    Object.fromEntries(
      Object.entries(parts).map(([key, part]) => {
        const object = part as JsonObject;
        return [key, asText(object.target) === from ? { ...object, target: to } : object];
      }),
    );
  const next = { ...definition };
  for (const key of ["relations", "aggregationProperties"]) {
    if (definition[key] !== undefined) next[key] = mend(definition[key] as JsonObject);
  }
  return next;
}

/** The model as it would be with all drafts. */
export function withDrafts(model: Model, drafts: Drafts): Model {
  const seen = new Set<string>();
  const blueprints = model.blueprints.map((blueprint) => {
    seen.add(blueprint.identifier);
    const draft = drafts[blueprint.identifier];
    return draft ? read(draft, blueprint.identifier) : { ...blueprint };
  });
  const made = Object.keys(drafts)
    .filter((identifier) => !seen.has(identifier))
    .map((identifier) => read(drafts[identifier] as Draft, identifier));
  return new ModelOf([...blueprints, ...made], model.revision);
}

function read(draft: Draft, identifier: string): BlueprintDefinition {
  const { definition, revision } = draft;
  const title = asText(definition.title) || identifier;
  return readBlueprint({
    identifier,
    title,
    icon: asText(definition.icon) ?? null,
    revision: revision ?? 0,
    json: definition,
  });
}

export type Rebased = { drafts: Drafts; taken: string[]; conflicts: Record<string, Conflict[]> };

/**
 * The drafts on top of what the server has now. What only the server changed is taken; where both changed the same place
 * the draft stays as it is, to be merged by its author.
 */
export function rebase(model: Model, drafts: Drafts): Rebased {
  let next = drafts;
  const taken: string[] = [];
  const conflicts: Record<string, Conflict[]> = {};
  for (const [identifier, draft] of Object.entries(drafts)) {
    const server = model.get(identifier);
    if (!server) {
      // It was deleted, or is not there yet: what is edited is what would be made.
      if (draft.base !== null && model.revision > 0)
        next = { ...next, [identifier]: { ...draft, base: null, revision: null } };
      continue;
    }
    if (draft.revision === server.revision) continue;
    const theirs = editable(server.json);
    const found = merge(draft.base ?? {}, draft.definition, theirs);
    if (found.conflicts.length > 0) {
      conflicts[identifier] = found.conflicts;
    } else {
      taken.push(identifier);
      next = isSame(found.merged, theirs)
        ? without(next, identifier)
        : { ...next, [identifier]: { base: theirs, revision: server.revision, definition: found.merged } };
    }
  }
  return { drafts: next, taken, conflicts };
}

/** The draft that a merge ended in. */
export function merged(model: Model, drafts: Drafts, identifier: string, definition: JsonObject): Drafts {
  const server = model.get(identifier);
  const base = server ? editable(server.json) : null;
  if (base !== null && isSame(base, definition)) return without(drafts, identifier);
  return { ...drafts, [identifier]: { base, revision: server?.revision ?? null, definition } };
}

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "@/lib/api/call";
import { asApiError, hasCode } from "@/lib/api/error";
import { Blueprints } from "@/lib/blueprint/model.gql";
import { BlueprintCounts, BlueprintNames, CreateBlueprint, UpdateBlueprint } from "../blueprints.gql";
import { useDesigner } from "../designer";
import { type Drafts, without } from "../draft/drafts";
import { type PublishStep, publishSteps } from "../draft/order";

export type Failure = { identifier: string; error: unknown };

/** Publishes drafts, one after the other. What did not go stays a draft, and why is told. */
export function usePublish() {
  const { drafts, settleDrafts } = useDesigner();
  const client = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [failures, setFailures] = useState<Failure[]>([]);

  const publish = async (chosen: readonly string[]): Promise<boolean> => {
    setBusy(true);
    setFailures([]);
    const wanted: Drafts = Object.fromEntries(
      Object.entries(drafts).filter(([identifier]) => chosen.includes(identifier)),
    );
    const done = new Set<string>();
    const revisions = new Map(Object.entries(wanted).map(([identifier, { revision }]) => [identifier, revision]));
    let failed: Failure[] = [];
    let steps = publishSteps(wanted);
    // One that names what another adds goes when that is there: as long as something goes, the rest is tried again.
    for (;;) {
      const left: PublishStep[] = [];
      failed = [];
      for (const step of steps) {
        const { identifier, definition, isNew, isPart } = step;
        try {
          revisions.set(identifier, await send(identifier, definition, isNew, revisions.get(identifier) ?? null));
          if (!isPart) done.add(identifier);
        } catch (error) {
          left.push(step);
          failed.push({ identifier, error });
          if (!isWorthAnotherTry(error)) continue;
        }
      }
      if (left.length === 0 || left.length === steps.length || !failed.some(({ error }) => isWorthAnotherTry(error)))
        break;
      steps = left;
    }
    // A blueprint of which only the bare part was made is there now: its draft goes on from that.
    settleDrafts((all) => [...done].reduce((rest, identifier) => without(rest, identifier), all));
    await Promise.all(
      [Blueprints, BlueprintCounts, BlueprintNames].map(({ name }) => client.invalidateQueries({ queryKey: [name] })),
    );
    setFailures(failed);
    setBusy(false);
    return failed.length === 0;
  };
  return { publish, isBusy, failures };
}

async function send(
  identifier: string,
  definition: PublishStep["definition"],
  isNew: boolean,
  ifRevision: number | null,
): Promise<number | null> {
  if (isNew) return (await call(CreateBlueprint, { input: definition })).createBlueprint.blueprint?.revision ?? null;
  return (
    (await call(UpdateBlueprint, { identifier, input: definition, ifRevision })).updateBlueprint.blueprint?.revision ??
    null
  );
}

/** It may only have come too early. */
function isWorthAnotherTry(error: unknown): boolean {
  return asApiError(error).problems.length > 0 && !hasCode(error, "CONFLICT");
}

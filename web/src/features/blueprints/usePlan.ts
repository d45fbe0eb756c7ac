import { useMemo } from "react";
import type { Problem } from "@/lib/api/error";
import { useApiQuery } from "@/lib/api/hooks";
import { pointerKeys } from "@/lib/json";
import { useDebounced } from "@/lib/useDebounced";
import { PlanBlueprint, type PlanBlueprintData } from "./blueprints.gql";
import { useDesigner } from "./designer";
import { plannable } from "./draft/order";

export type Plan = PlanBlueprintData["planBlueprintChange"];

/** A problem at a place of the definition itself, or in another blueprint. */
export type PlacedProblem = { message: string; code: string; pointer: string; blueprint: string };

const INPUT = "/input";

/** The server's problems, each at its place: `/input/system/…` is about the blueprint `system`. */
export function placed(
  problems: readonly Problem[],
  own: string,
  isBlueprint: (identifier: string) => boolean,
): PlacedProblem[] {
  return problems.map(({ code, message, path }) => {
    const pointer = path.startsWith(INPUT) ? path.slice(INPUT.length) : path;
    const [first] = pointerKeys(pointer);
    const other = first !== undefined && !OWN_KEYS.has(first) && isBlueprint(first) ? first : undefined;
    return {
      code,
      message,
      blueprint: other ?? own,
      pointer: other === undefined ? pointer : pointer.slice(pointer.indexOf("/", 1)),
    };
  });
}

const OWN_KEYS = new Set(
  "identifier title description icon schema relations calculationProperties mirrorProperties aggregationProperties ownership teamInheritance changelogDestination includeInGlobalSearch graphql".split(
    " ",
  ),
);

export type LivePlan = {
  plan: Plan | undefined;
  problems: PlacedProblem[];
  waits: string[];
  isPending: boolean;
  error: unknown;
};

/** What publishing a blueprint's draft would do, a moment after the last change of it. Nothing where there is no draft. */
export function usePlan(identifier: string | undefined, pause = 350): LivePlan {
  const { drafts, server, canEdit } = useDesigner();
  const draft = identifier === undefined ? undefined : drafts[identifier];
  const settled = useDebounced(draft?.definition, pause);
  const { definition, waits } = useMemo(
    () => (settled ? plannable(settled, (name) => server.get(name) !== undefined) : { definition: null, waits: [] }),
    [settled, server],
  );
  const isWanted = draft !== undefined && settled !== undefined && canEdit;
  const { data, isFetching, error } = useApiQuery(
    PlanBlueprint,
    { input: definition },
    { enabled: isWanted, keep: isWanted, fresh: 5_000 },
  );
  const plan = isWanted ? data?.planBlueprintChange : undefined;
  const problems = useMemo(
    () =>
      plan && identifier !== undefined ? placed(plan.errors, identifier, (name) => server.get(name) !== undefined) : [],
    [plan, identifier, server],
  );
  return {
    plan,
    problems,
    waits,
    isPending: isFetching || settled !== draft?.definition,
    error: isWanted ? error : null,
  };
}

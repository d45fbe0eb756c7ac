import { CircleAlert, CircleCheck } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { hasCode } from "@/lib/api/error";
import { notify } from "@/lib/notify";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Dialog } from "@/ui/Dialog";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Segmented } from "@/ui/Segmented";
import { SkeletonLines } from "@/ui/Skeleton";
import { useDesigner } from "../designer";
import { changesOf } from "../draft/changes";
import { lossesOf } from "../panel/Effects";
import { type LivePlan, usePlan } from "../usePlan";
import { ChangeList } from "./ChangeList";
import { PlanEffects } from "./PlanEffects";
import { usePublish } from "./usePublish";

const DiffView = lazy(() => import("@/code-editor/DiffView"));

/** All drafts with what each would do; then they are published. */
export default function PublishDialog({ onClose }: { onClose: () => void }) {
  const { drafts, conflicts, search, openDialog } = useDesigner();
  const all = Object.keys(drafts);
  const [chosen, setChosen] = useState<string[]>(all);
  const [shown, setShown] = useState(search.blueprint && all.includes(search.blueprint) ? search.blueprint : all[0]);
  const [lives, setLives] = useState<Record<string, LivePlan>>({});
  const [isAccepted, setAccepted] = useState(false);
  const { publish, isBusy, failures } = usePublish();

  const going = chosen.filter((identifier) => identifier in drafts);
  const losses = going.flatMap((identifier) => {
    const plan = lives[identifier]?.plan;
    return plan ? lossesOf(plan) : [];
  });
  const hasConflict = going.some((identifier) => identifier in conflicts);
  const bad = going.filter(
    (identifier) => (lives[identifier]?.problems.length ?? 0) > 0 && (lives[identifier]?.waits.length ?? 0) === 0,
  );
  const isPlanned = going.every((identifier) => lives[identifier]?.plan !== undefined && !lives[identifier]?.isPending);
  const reason = reasonNot({
    count: going.length,
    hasConflict,
    bad: bad.length,
    isPlanned,
    isAccepted: isAccepted || losses.length === 0,
  });
  const report = (identifier: string, live: LivePlan) =>
    setLives((present) => (present[identifier] === live ? present : { ...present, [identifier]: live }));
  const failureOf = failures.find(({ identifier }) => identifier === shown);

  const go = async () => {
    const count = going.length;
    if (await publish(going)) {
      notify(count === 1 ? "The blueprint is published." : `${count} blueprints are published.`);
      onClose();
    }
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      size="xl"
      title={all.length === 1 ? "Publish the draft" : `Publish ${all.length} drafts`}
      footer={
        <>
          {losses.length > 0 && (
            <Checkbox checked={isAccepted} onChange={setAccepted} className="mr-auto">
              I know what is lost: {losses.join(", ")}
            </Checkbox>
          )}
          <Button onClick={onClose}>Keep as {all.length === 1 ? "a draft" : "drafts"}</Button>
          <Button
            variant={losses.length > 0 ? "danger" : "primary"}
            isBusy={isBusy}
            {...(reason ? { disabledReason: reason } : {})}
            onClick={() => void go()}
          >
            {going.length > 1 ? `Publish ${going.length} blueprints` : "Publish"}
          </Button>
        </>
      }
    >
      {all.map((identifier) => (
        <Planner key={identifier} identifier={identifier} onPlan={report} />
      ))}
      <div className="flex flex-col gap-4 md:flex-row">
        {all.length > 1 && (
          <ul className="flex shrink-0 flex-col gap-px md:w-60">
            {all.map((identifier) => (
              <Choice
                key={identifier}
                identifier={identifier}
                live={lives[identifier]}
                isChosen={chosen.includes(identifier)}
                isShown={shown === identifier}
                hasFailed={failures.some((one) => one.identifier === identifier)}
                onChoose={(isIn) =>
                  setChosen(isIn ? [...chosen, identifier] : chosen.filter((one) => one !== identifier))
                }
                onShow={() => setShown(identifier)}
              />
            ))}
          </ul>
        )}
        <div className="min-w-0 grow">
          {failureOf && (
            <div className="mb-3 flex flex-col items-start gap-2">
              <ErrorPanel
                error={failureOf.error}
                title="It was not published. Your draft is kept."
                className="w-full"
              />
              {hasCode(failureOf.error, "CONFLICT") && shown !== undefined && shown in conflicts && (
                <Button onClick={() => openDialog({ kind: "merge", blueprint: shown })}>Merge both changes</Button>
              )}
            </div>
          )}
          {shown !== undefined && shown in drafts && <Shown identifier={shown} live={lives[shown]} />}
        </div>
      </div>
    </Dialog>
  );
}

/** Asks for a draft's plan and hands it up. */
function Planner({ identifier, onPlan }: { identifier: string; onPlan: (identifier: string, live: LivePlan) => void }) {
  const { plan, problems, waits, isPending, error } = usePlan(identifier, 0);
  const [known, setKnown] = useState<LivePlan>();
  if (
    !known ||
    known.plan !== plan ||
    known.problems !== problems ||
    known.isPending !== isPending ||
    known.error !== error
  ) {
    const next = { plan, problems, waits, isPending, error };
    setKnown(next);
    queueMicrotask(() => onPlan(identifier, next));
  }
  return null;
}

function reasonNot({
  count,
  hasConflict,
  bad,
  isPlanned,
  isAccepted,
}: {
  count: number;
  hasConflict: boolean;
  bad: number;
  isPlanned: boolean;
  isAccepted: boolean;
}): string | undefined {
  if (count === 0) return "Nothing is chosen.";
  if (hasConflict) return "Somebody else's change must be merged first.";
  if (bad > 0)
    return bad === 1 ? "There is a problem to put right first." : `${bad} drafts have problems to put right first.`;
  if (!isPlanned) return "What it would do is not known yet.";
  return isAccepted ? undefined : "Say first that you know what is lost.";
}

type ChoiceProps = {
  identifier: string;
  live: LivePlan | undefined;
  isChosen: boolean;
  isShown: boolean;
  hasFailed: boolean;
  onChoose: (isIn: boolean) => void;
  onShow: () => void;
};

function Choice({ identifier, live, isChosen, isShown, hasFailed, onChoose, onShow }: ChoiceProps) {
  const { model, conflicts } = useDesigner();
  const blueprint = model.get(identifier);
  if (!blueprint) return null;
  const isBad = hasFailed || identifier in conflicts || (live?.problems.length ?? 0) > 0;
  const Icon = isBad ? CircleAlert : CircleCheck;
  return (
    <li className={`flex items-center gap-2 rounded-md px-2 ${isShown ? "bg-pressed" : "hover:bg-hover"}`}>
      <Checkbox aria-label={`Publish ${blueprint.title}`} checked={isChosen} onChange={onChoose} />
      <button
        type="button"
        aria-pressed={isShown}
        className="flex h-9 min-w-0 grow items-center gap-2 text-left"
        onClick={onShow}
      >
        <BlueprintIcon blueprint={blueprint} size="sm" />
        <span className="min-w-0 grow truncate">{blueprint.title}</span>
        {live?.plan && (
          <Icon
            aria-label={isBad ? "has problems" : "can be published"}
            className={isBad ? "size-4 text-bad" : "size-4 text-ok"}
          />
        )}
      </button>
    </li>
  );
}

function Shown({ identifier, live }: { identifier: string; live: LivePlan | undefined }) {
  const { drafts, conflicts, model, openDialog } = useDesigner();
  const [view, setView] = useState<"effects" | "diff">("effects");
  const draft = drafts[identifier];
  if (!draft) return null;
  const print = (json: object | null) => (json ? JSON.stringify(json, null, 2) : "");
  return (
    <section aria-label={model.get(identifier)?.title ?? identifier} className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <h3 className="min-w-0 grow truncate font-semibold">
          {model.get(identifier)?.title}{" "}
          <span className="font-normal text-muted">{draft.base === null ? "is new" : "is changed"}</span>
        </h3>
        <Segmented
          label="What is shown"
          value={view}
          onChange={setView}
          options={[
            { value: "effects", label: "Effects" },
            { value: "diff", label: "JSON diff" },
          ]}
        />
      </div>
      {identifier in conflicts && (
        <div
          role="alert"
          className="flex items-center gap-3 rounded-md border border-bad/30 bg-bad-soft py-1.5 pr-1.5 pl-3"
        >
          <p className="grow">Somebody changed the same places meanwhile.</p>
          <Button onClick={() => openDialog({ kind: "merge", blueprint: identifier })}>Merge</Button>
        </div>
      )}
      {view === "diff" ? (
        <Suspense fallback={<SkeletonLines count={6} />}>
          <DiffView
            label="What the draft changes"
            before={print(draft.base)}
            after={print(draft.definition)}
            className="max-h-[50vh] overflow-auto rounded-md border border-line"
          />
        </Suspense>
      ) : (
        <>
          <ChangeList changes={changesOf(draft.base, draft.definition)} isNew={draft.base === null} />
          <PlanEffects live={live} isNew={draft.base === null} />
        </>
      )}
    </section>
  );
}

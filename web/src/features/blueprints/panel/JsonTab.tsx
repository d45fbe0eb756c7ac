import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import type { JsonKnowledge } from "@/code-editor/JsonEditor";
import { isSame, type Json, type JsonObject } from "@/lib/json";
import { CopyButton } from "@/ui/CopyButton";
import { SkeletonLines } from "@/ui/Skeleton";
import { useDesigner } from "../designer";
import { partsOf } from "../draft/definition";
import { definitionOf } from "../draft/drafts";
import type { PlacedProblem } from "../usePlan";
import { helpAt, keysAt, valuesAt } from "./keys";

const JsonEditor = lazy(() => import("@/code-editor/JsonEditor"));

type JsonTabProps = { identifier: string; problems: readonly PlacedProblem[] };

/** The definition as JSON: the same draft as the form and the canvas. */
export function JsonTab({ identifier, problems }: JsonTabProps) {
  const { server, model, drafts, change, canEdit, search } = useDesigner();
  const definition = definitionOf(server, drafts, identifier);
  const [text, setText] = useState(() => print(definition));

  // Changed by form, canvas or undo: the text follows, unless it says the same already.
  const shown = useRef(definition);
  useEffect(() => {
    if (shown.current === definition) return;
    shown.current = definition;
    setText((present) => (isSame(parse(present), definition) ? present : print(definition)));
  }, [definition]);

  const own = problems.filter((problem) => problem.blueprint === identifier);
  const knowledge = useMemo<JsonKnowledge>(() => {
    const properties = definition ? Object.keys(partsOf(definition, "property")) : [];
    return { keysAt, helpAt, valuesAt: (keys) => valuesAt(keys, model, properties) };
  }, [model, definition]);

  const take = (next: string) => {
    setText(next);
    const parsed = parse(next);
    if (!isObject(parsed) || parsed.identifier !== identifier) return;
    shown.current = parsed;
    change(identifier, "json", () => parsed);
  };
  return (
    <div className="relative flex min-h-full flex-col">
      <CopyButton text={text} label="Copy the JSON" className="absolute! top-1.5 right-2 z-10 bg-surface" />
      <Suspense
        fallback={
          <div className="p-4">
            <SkeletonLines count={6} />
          </div>
        }
      >
        <JsonEditor
          label="Definition as JSON"
          value={text}
          onChange={take}
          isReadOnly={!canEdit}
          problems={own}
          knowledge={knowledge}
          at={search.at}
          className="grow"
        />
      </Suspense>
      <TextProblem text={text} identifier={identifier} />
    </div>
  );
}

/** Why what is written is not the draft (yet). */
function TextProblem({ text, identifier }: { text: string; identifier: string }) {
  const parsed = parse(text);
  const problem =
    parsed === undefined
      ? "This is no JSON yet; form and canvas show the last that was."
      : !isObject(parsed)
        ? "A definition is an object."
        : parsed.identifier !== identifier
          ? `The identifier is changed by renaming, not here; put "${identifier}" back for the rest to be taken over.`
          : undefined;
  if (!problem) return null;
  return (
    <p role="status" className="sticky bottom-0 border-line border-t bg-warn-soft px-4 py-1.5 text-meta text-warn">
      {problem}
    </p>
  );
}

function print(definition: JsonObject | undefined): string {
  return JSON.stringify(definition ?? {}, null, 2);
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

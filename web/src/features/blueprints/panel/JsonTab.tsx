import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { type Diagnostic, forceLinting, linter } from "@codemirror/lint";
import { type EditorView, hoverTooltip } from "@codemirror/view";
import { useEffect, useMemo, useRef, useState } from "react";
import CodeEditor from "@/code-editor/CodeEditor";
import { jsonCursor } from "@/code-editor/jsonPath";
import { lineOf, placeOf, pointerAt } from "@/code-editor/pointer";
import { isSame, type Json, type JsonObject, pointerKeys } from "@/lib/json";
import { CopyButton } from "@/ui/CopyButton";
import { useDesigner } from "../designer";
import { partsOf } from "../draft/definition";
import { definitionOf } from "../draft/drafts";
import type { PlacedProblem } from "../usePlan";
import { helpAt, keysAt, valuesAt } from "./keys";

type JsonTabProps = { identifier: string; problems: readonly PlacedProblem[] };

/** The definition as JSON: the same draft as the form and the canvas. */
export default function JsonTab({ identifier, problems }: JsonTabProps) {
  const { server, model, drafts, change, canEdit, search } = useDesigner();
  const definition = definitionOf(server, drafts, identifier);
  const [text, setText] = useState(() => print(definition));
  const view = useRef<EditorView>(null);

  // Changed by form, canvas or undo: the text follows, unless it says the same already.
  const shown = useRef(definition);
  useEffect(() => {
    if (shown.current === definition) return;
    shown.current = definition;
    setText((present) => (isSame(parse(present), definition) ? present : print(definition)));
  }, [definition]);

  const own = problems.filter((problem) => problem.blueprint === identifier);
  const latest = useRef({ own, model, definition, identifier });
  latest.current = { own, model, definition, identifier };
  const extensions = useMemo(() => {
    const language = json();
    const complete = (context: CompletionContext) => completeBlueprint(context, latest.current);
    return [
      language,
      language.language.data.of({ autocomplete: complete }),
      linter((editor) => diagnostics(editor, latest.current), { delay: 250 }),
      hoverTooltip((editor, position) => {
        const pointer = pointerAt(editor.state.doc.toString(), position);
        const help = helpAt(pointerKeys(pointer));
        if (!help) return null;
        return {
          pos: position,
          above: true,
          create: () => {
            const dom = document.createElement("div");
            dom.textContent = help;
            dom.style.padding = "4px 8px";
            return { dom };
          },
        };
      }),
    ];
  }, []);
  const problemKey = own.map(({ pointer, message }) => `${pointer} ${message}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: other problems are other marks
  useEffect(() => {
    if (view.current) forceLinting(view.current);
  }, [problemKey]);

  const at = search.at;
  useEffect(() => {
    const editor = view.current;
    if (!editor || at === undefined) return;
    const { from, to } = placeOf(editor.state.doc.toString(), at);
    editor.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
  }, [at]);

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
      <CodeEditor
        label="Definition as JSON"
        value={text}
        onChange={take}
        isReadOnly={!canEdit}
        extensions={extensions}
        view={view}
        className="grow"
      />
      <TextProblem text={text} identifier={identifier} />
      {own.length > 0 && (
        <p className="sr-only" role="status">
          {own.map(({ message, pointer }) => `Line ${lineOf(text, pointer)}: ${message}`).join(" ")}
        </p>
      )}
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

type Known = {
  own: readonly PlacedProblem[];
  model: Parameters<typeof valuesAt>[1];
  definition: JsonObject | undefined;
};

function completeBlueprint(context: CompletionContext, { model, definition }: Known): CompletionResult | null {
  const cursor = jsonCursor(context.state, context.pos);
  if (!cursor) return null;
  const { isKey, keys, from, present } = cursor;
  if (!context.explicit && from === context.pos) return null;
  const properties = definition ? Object.keys(partsOf(definition, "property")) : [];
  const after = context.state.sliceDoc(cursor.to, cursor.to + 1);
  const options: Completion[] = isKey
    ? keysAt(keys)
        .filter(({ label }) => !present.includes(label))
        .map(({ label, detail, info, value }) => ({
          label: `"${label}"`,
          type: "property",
          ...(detail ? { detail } : {}),
          ...(info ? { info } : {}),
          apply: after === ":" ? `"${label}"` : `"${label}": ${value ?? '""'}`,
        }))
    : valuesAt(keys, model, properties).map(({ label, detail }) => ({
        label,
        type: "constant",
        ...(detail ? { detail } : {}),
      }));
  return options.length > 0
    ? { from, to: Math.max(cursor.to, context.pos), options, validFor: /^"?[\w$.-]*"?$/ }
    : null;
}

const syntax = jsonParseLinter();

function diagnostics(editor: EditorView, { own }: Known): Diagnostic[] {
  const found = syntax(editor);
  if (found.length > 0) return found;
  const text = editor.state.doc.toString();
  return own.map(({ pointer, message, code }) => {
    const { from, to } = placeOf(text, pointer);
    return { from, to: Math.min(to, text.length), severity: "error", message, source: code };
  });
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

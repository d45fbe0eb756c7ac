import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { type Diagnostic, forceLinting, linter } from "@codemirror/lint";
import { type EditorView, hoverTooltip } from "@codemirror/view";
import { useEffect, useMemo, useRef } from "react";
import { pointerKeys } from "@/lib/json";
import CodeEditor from "./CodeEditor";
import { jsonCursor } from "./jsonPath";
import { lineOf, placeOf, pointerAt } from "./pointer";

export type JsonProblem = { pointer: string; message: string; code: string };
export type JsonSuggestion = {
  label: string;
  detail?: string;
  info?: string;
  /** JSON that stands behind a new key. */
  value?: string;
};

/** What is known of the JSON's places: keys from the outside in. */
export type JsonKnowledge = {
  keysAt: (keys: readonly string[]) => JsonSuggestion[];
  valuesAt: (keys: readonly string[]) => JsonSuggestion[];
  helpAt: (keys: readonly string[]) => string | undefined;
};

type JsonEditorProps = {
  label: string;
  value: string;
  onChange?: (value: string) => void;
  isReadOnly?: boolean;
  /** What the server finds wrong, shown at its place. */
  problems?: readonly JsonProblem[];
  knowledge?: JsonKnowledge;
  /** JSON Pointer of what the cursor goes to. */
  at?: string | undefined;
  className?: string;
};

const NONE: JsonKnowledge = { keysAt: () => [], valuesAt: () => [], helpAt: () => undefined };
const syntax = jsonParseLinter();

/** JSON with marks at mistakes, completion of keys and values, and help on hover. */
export default function JsonEditor({
  label,
  value,
  onChange,
  isReadOnly = false,
  problems = [],
  knowledge = NONE,
  at,
  className = "",
}: JsonEditorProps) {
  const view = useRef<EditorView>(null);
  const latest = useRef({ problems, knowledge });
  latest.current = { problems, knowledge };
  const extensions = useMemo(() => {
    const language = json();
    return [
      language,
      language.language.data.of({
        autocomplete: (context: CompletionContext) => complete(context, latest.current.knowledge),
      }),
      linter((editor) => diagnostics(editor, latest.current.problems), { delay: 250 }),
      hoverTooltip((editor, position) => {
        const pointer = pointerAt(editor.state.doc.toString(), position);
        const help = latest.current.knowledge.helpAt(pointerKeys(pointer));
        return help ? { pos: position, above: true, create: () => ({ dom: note(help) }) } : null;
      }),
    ];
  }, []);

  const key = problems.map(({ pointer, message }) => `${pointer} ${message}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: other problems are other marks
  useEffect(() => {
    if (view.current) forceLinting(view.current);
  }, [key]);
  useEffect(() => {
    const editor = view.current;
    if (!editor || at === undefined) return;
    const { from, to } = placeOf(editor.state.doc.toString(), at);
    editor.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
  }, [at]);

  return (
    <>
      <CodeEditor
        label={label}
        value={value}
        {...(onChange ? { onChange } : {})}
        isReadOnly={isReadOnly}
        extensions={extensions}
        view={view}
        className={className}
      />
      {problems.length > 0 && (
        <p className="sr-only" role="status">
          {problems.map(({ message, pointer }) => `Line ${lineOf(value, pointer)}: ${message}`).join(" ")}
        </p>
      )}
    </>
  );
}

function note(text: string): HTMLElement {
  const dom = document.createElement("div");
  dom.textContent = text;
  dom.style.padding = "4px 8px";
  return dom;
}

function complete(context: CompletionContext, { keysAt, valuesAt }: JsonKnowledge): CompletionResult | null {
  const cursor = jsonCursor(context.state, context.pos);
  if (!cursor) return null;
  const { isKey, keys, from, to, present } = cursor;
  if (!context.explicit && from === context.pos) return null;
  const hasColon = context.state.sliceDoc(to, to + 1) === ":";
  const found = isKey ? keysAt(keys).filter(({ label }) => !present.includes(label)) : valuesAt(keys);
  const options = found.map(({ label, detail, info, value }): Completion => {
    const quoted = isKey ? JSON.stringify(label) : label;
    return {
      label: quoted,
      type: isKey ? "property" : "constant",
      ...(detail ? { detail } : {}),
      ...(info ? { info } : {}),
      ...(isKey && !hasColon ? { apply: `${quoted}: ${value ?? '""'}` } : {}),
    };
  });
  return options.length > 0 ? { from, to: Math.max(to, context.pos), options, validFor: /^"?[\w$.-]*"?$/ } : null;
}

function diagnostics(editor: EditorView, problems: readonly JsonProblem[]): Diagnostic[] {
  const found = syntax(editor);
  if (found.length > 0) return found;
  const text = editor.state.doc.toString();
  return problems.map(({ pointer, message, code }) => {
    const { from, to } = placeOf(text, pointer);
    return { from, to: Math.min(to, text.length), severity: "error", message, source: code };
  });
}

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, foldGutter, foldKeymap, indentOnInput } from "@codemirror/language";
import { lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { type RefObject, useEffect, useRef } from "react";
import { theme } from "./theme";

type CodeEditorProps = {
  /** Its name for screen readers. */
  label: string;
  value: string;
  onChange?: (value: string) => void;
  isReadOnly?: boolean;
  /** Language, completion, checks. The same array as long as it means the same. */
  extensions: Extension;
  /** No line numbers, no folding: for a line or two. */
  isSmall?: boolean;
  /** For whoever wants to move the cursor. */
  view?: RefObject<EditorView | null>;
  className?: string;
};

const small: Extension = [
  history(),
  drawSelection(),
  closeBrackets(),
  bracketMatching(),
  autocompletion(),
  keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
  theme,
];
const whole: Extension = [
  lineNumbers(),
  foldGutter(),
  lintGutter(),
  highlightActiveLine(),
  highlightActiveLineGutter(),
  highlightSelectionMatches(),
  indentOnInput(),
  // Escape and then Tab leaves the editor: Tab alone indents.
  keymap.of([...lintKeymap, ...foldKeymap, ...searchKeymap, indentWithTab]),
];

/** Code, with what its language knows. A value from outside replaces the text only where it differs. */
export default function CodeEditor({
  label,
  value,
  onChange,
  isReadOnly = false,
  extensions,
  isSmall = false,
  view,
  className,
}: CodeEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<EditorView | null>(null);
  const language = useRef(new Compartment());
  const rights = useRef(new Compartment());
  const report = useRef(onChange);
  report.current = onChange;
  const isOurs = useRef(false);
  const first = useRef({ value, extensions, isReadOnly, isSmall, label });

  useEffect(() => {
    if (!place.current) return;
    const { value, extensions, isReadOnly, isSmall, label } = first.current;
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          isSmall ? [] : whole,
          small,
          language.current.of(extensions),
          rights.current.of(rightsOf(isReadOnly)),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !isOurs.current) report.current?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    editor.current = made;
    if (view) view.current = made;
    return () => {
      made.destroy();
      editor.current = null;
      if (view) view.current = null;
    };
  }, [view]);

  useEffect(() => {
    const present = editor.current;
    if (!present || present.state.doc.toString() === value) return;
    isOurs.current = true;
    present.dispatch({ changes: { from: 0, to: present.state.doc.length, insert: value } });
    isOurs.current = false;
  }, [value]);
  useEffect(() => editor.current?.dispatch({ effects: language.current.reconfigure(extensions) }), [extensions]);
  useEffect(
    () => editor.current?.dispatch({ effects: rights.current.reconfigure(rightsOf(isReadOnly)) }),
    [isReadOnly],
  );

  return <div ref={place} className={className} />;
}

function rightsOf(isReadOnly: boolean): Extension {
  return [
    EditorState.readOnly.of(isReadOnly),
    EditorView.editable.of(!isReadOnly),
    ...(isReadOnly ? [EditorView.contentAttributes.of({ tabindex: "0" })] : []),
  ];
}

import { type CompletionContext, type CompletionResult, completeFromList } from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { jq } from "codemirror-lang-jq";
import { useMemo } from "react";
import CodeEditor from "./CodeEditor";

type JqEditorProps = {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** What an expression can begin with: `.properties.tier`. */
  paths: ReadonlyArray<{ path: string; title: string }>;
  isReadOnly?: boolean;
};

const FUNCTIONS =
  "length map select any all add min max unique unique_by group_by sort sort_by first last join split test contains startswith endswith ascii_downcase ascii_upcase tonumber tostring type keys has in not if empty now fromdateiso8601 todateiso8601 floor round flatten range to_entries from_entries with_entries".split(
    " ",
  );
const functions = completeFromList(FUNCTIONS.map((label) => ({ label, type: "function" })));

/** A jq expression, with completion of the input's paths and of jq's functions. */
export default function JqEditor({ label, value, onChange, paths, isReadOnly = false }: JqEditorProps) {
  const extensions = useMemo<Extension>(() => {
    const language = jq();
    const complete = (context: CompletionContext): CompletionResult | null => {
      const path = context.matchBefore(/\.[\w."@=\\-]*$/);
      if (!path || (path.from === path.to && !context.explicit)) return null;
      return {
        from: path.from,
        options: paths.map(({ path, title }) => ({ label: path, detail: title, type: "property" })),
        validFor: /^\.[\w."@=\\-]*$/,
      };
    };
    return [
      language,
      language.language.data.of({ autocomplete: complete }),
      language.language.data.of({ autocomplete: functions }),
    ];
  }, [paths]);
  return (
    <CodeEditor
      label={label}
      value={value}
      onChange={onChange}
      isReadOnly={isReadOnly}
      extensions={extensions}
      isSmall
      className="min-h-16 rounded-md border border-line-strong bg-surface px-1.5 focus-within:border-accent"
    />
  );
}

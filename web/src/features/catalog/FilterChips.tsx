import { X } from "lucide-react";
import type { Json } from "@/lib/json";
import { describe } from "@/rules/describe";
import type { RuleField } from "@/rules/fields";
import { completeRules, type Group } from "@/rules/rule";
import type { ChangeView } from "./CatalogPage";

type FilterChipsProps = { where: Group; fields: readonly RuleField[]; onChange: ChangeView };

/** What is filtered by, to be read and taken away. */
export function FilterChips({ where, fields, onChange }: FilterChipsProps) {
  const { combinator, rules } = completeRules(where);
  if (rules.length === 0) return null;
  const set = (left: Group["rules"]) => {
    onChange({ where: left.length > 0 ? ({ combinator, rules: left } as unknown as Json) : undefined }, true);
  };
  return (
    <ul aria-label="Filters" className="flex min-w-0 flex-wrap items-center gap-1">
      {rules.map((rule, index) => {
        const text = describe(rule, fields);
        return (
          <li key={index} className="flex min-w-0 items-center gap-1">
            {index > 0 && <span className="text-meta text-muted">{combinator}</span>}
            <span className="flex h-7 min-w-0 max-w-80 items-center rounded-md bg-accent-soft pl-2.5 text-meta">
              <span className="truncate" title={text}>
                {text}
              </span>
              <button
                type="button"
                aria-label={`Remove the filter ${text}`}
                onClick={() => set(rules.toSpliced(index, 1))}
                className="flex size-7 shrink-0 items-center justify-center rounded-md text-muted hover:text-fg"
              >
                <X aria-hidden className="size-3.5" />
              </button>
            </span>
          </li>
        );
      })}
      <li>
        <button
          type="button"
          onClick={() => set([])}
          className="h-7 rounded-md px-2 text-meta text-muted hover:text-fg"
        >
          Clear
        </button>
      </li>
    </ul>
  );
}

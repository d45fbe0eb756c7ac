import { clsx } from "clsx";
import { Braces, CornerDownRight, ListFilter, Plus, X } from "lucide-react";
import { useState } from "react";
import type { Json } from "@/lib/json";
import { Button } from "@/ui/Button";
import { Combobox } from "@/ui/Combobox";
import { Field } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { Select } from "@/ui/Select";
import { Textarea } from "@/ui/Textarea";
import { describe } from "./describe";
import { operatorsOf, type RuleField, takesMany } from "./fields";
import {
  type Combinator,
  type Group,
  isGroup,
  isRule,
  isUnary,
  NO_RULES,
  type Node,
  type Rule,
  readRules,
} from "./rule";
import { ValueInput } from "./ValueInput";

type RuleBuilderProps = { value: Group; onChange: (value: Group) => void; fields: readonly RuleField[] };

/** Rules by property, in nested groups; or the same as JSON. */
export function RuleBuilder({ value, onChange, fields }: RuleBuilderProps) {
  const [isJson, setJson] = useState(false);
  return (
    <div className="flex flex-col gap-2">
      {isJson ? (
        <JsonRules value={value} onChange={onChange} />
      ) : (
        <GroupEditor group={value} onChange={onChange} fields={fields} depth={0} />
      )}
      <div className="flex justify-end border-line border-t pt-2">
        <Button variant="ghost" icon={isJson ? ListFilter : Braces} onClick={() => setJson(!isJson)}>
          {isJson ? "Edit as form" : "Edit as JSON"}
        </Button>
      </div>
    </div>
  );
}

type GroupEditorProps = {
  group: Group;
  onChange: (group: Group) => void;
  onRemove?: () => void;
  fields: readonly RuleField[];
  depth: number;
};

/** Groups deeper than this are edited as JSON; the window has an end. */
const DEEPEST = 3;
const COMBINATORS: Array<{ value: Combinator; label: string }> = [
  { value: "and", label: "all hold" },
  { value: "or", label: "any holds" },
];

function GroupEditor({ group, onChange, onRemove, fields, depth }: GroupEditorProps) {
  const replace = (index: number, nodes: Node[]) => {
    onChange({ ...group, rules: group.rules.toSpliced(index, 1, ...nodes) });
  };
  const add = (node: Node) => onChange({ ...group, rules: [...group.rules, node] });
  return (
    <fieldset className={clsx("flex min-w-0 flex-col gap-2", depth > 0 && "rounded-md border border-line bg-bg p-2")}>
      <legend className="sr-only">{depth === 0 ? "Rules" : "Group of rules"}</legend>
      <div className="flex items-center gap-2 text-muted">
        Where
        <Select
          aria-label="How the rules are joined"
          value={group.combinator}
          onChange={(combinator) => onChange({ ...group, combinator })}
          options={COMBINATORS}
          className="w-28! h-7!"
        />
        <span className="grow" />
        {onRemove && <IconButton icon={X} label="Remove group" size="xs" onClick={onRemove} />}
      </div>
      {group.rules.map((node, index) => {
        const change = (next: Node) => replace(index, [next]);
        const remove = () => replace(index, []);
        if (isGroup(node))
          return (
            <GroupEditor
              key={index}
              group={node}
              onChange={change}
              onRemove={remove}
              fields={fields}
              depth={depth + 1}
            />
          );
        if (isRule(node))
          return <RuleEditor key={index} rule={node} onChange={change} onRemove={remove} fields={fields} />;
        return (
          <div key={index} className="flex items-center gap-2 rounded-md border border-line border-dashed px-2 py-1">
            <span className="min-w-0 grow truncate">{describe(node, fields)}: edited as JSON</span>
            <IconButton icon={X} label="Remove rule" size="xs" onClick={remove} />
          </div>
        );
      })}
      <div className="flex gap-1">
        <Button variant="ghost" icon={Plus} onClick={() => add({ property: "", operator: "" })}>
          Add rule
        </Button>
        {depth < DEEPEST && (
          <Button
            variant="ghost"
            icon={CornerDownRight}
            onClick={() =>
              add({ combinator: group.combinator === "and" ? "or" : "and", rules: [{ property: "", operator: "" }] })
            }
          >
            Add group
          </Button>
        )}
      </div>
    </fieldset>
  );
}

type RuleEditorProps = {
  rule: Rule;
  onChange: (rule: Rule) => void;
  onRemove: () => void;
  fields: readonly RuleField[];
};

function RuleEditor({ rule, onChange, onRemove, fields }: RuleEditorProps) {
  const field = fields.find((one) => one.id === rule.property);
  const operators = operatorsOf(field);
  const options = fields.map(({ id, title }) => ({ value: id, label: title, ...(title === id ? {} : { hint: id }) }));
  const choose = (property: string | null) => {
    const next = fields.find((one) => one.id === property);
    onChange({ property: property ?? "", operator: next ? (operatorsOf(next)[0]?.value ?? "") : "" });
  };
  return (
    <div className="flex flex-wrap items-start gap-1.5 sm:flex-nowrap">
      <Combobox
        aria-label="Property"
        placeholder="Property"
        value={rule.property || null}
        onChange={choose}
        options={options}
        className="w-44! shrink-0"
      />
      <Select
        aria-label="Operator"
        value={rule.operator || null}
        placeholder="Operator"
        disabled={!rule.property}
        onChange={(operator) => onChange(withOperator(rule, operator))}
        options={
          operators.some((one) => one.value === rule.operator) || !rule.operator
            ? operators
            : [...operators, { value: rule.operator, label: rule.operator }]
        }
        className="w-36! shrink-0"
      />
      <div className="min-w-40 grow">
        {rule.property && !isUnary(rule.operator) && (
          <ValueInput
            field={field}
            operator={rule.operator}
            value={rule.value}
            onChange={(value) => onChange({ ...rule, value })}
          />
        )}
      </div>
      <IconButton icon={X} label="Remove rule" className="mt-0.5" onClick={onRemove} />
    </div>
  );
}

/** The same rule with another operator: the value stays where it can. */
function withOperator({ property, operator, value }: Rule, next: string): Rule {
  if (isUnary(next) || value === undefined) return { property, operator: next };
  const isSpan = (one: string) => one === "between" || one === "notBetween";
  if (isSpan(operator) !== isSpan(next)) return { property, operator: next };
  if (takesMany(next) && !Array.isArray(value) && typeof value !== "object")
    return { property, operator: next, value: [value] };
  if (!takesMany(next) && Array.isArray(value)) {
    const [first] = value;
    return first === undefined ? { property, operator: next } : { property, operator: next, value: first };
  }
  return { property, operator: next, value };
}

function JsonRules({ value, onChange }: { value: Group; onChange: (value: Group) => void }) {
  const [text, setText] = useState(() => JSON.stringify(value, null, 2));
  const [error, setError] = useState<string>();
  const read = (next: string) => {
    setText(next);
    try {
      const rules = next.trim() === "" ? NO_RULES : readRules(JSON.parse(next) as Json);
      setError(rules ? undefined : 'A group is wanted: {"combinator": "and", "rules": […]}');
      if (rules) onChange(rules);
    } catch (failure) {
      setError((failure as Error).message);
    }
  };
  return (
    <Field label="Rules as JSON" isLabelHidden error={error}>
      <Textarea
        isMono
        rows={10}
        spellCheck={false}
        value={text}
        onChange={(event) => read(event.target.value)}
        className="min-w-96"
      />
    </Field>
  );
}

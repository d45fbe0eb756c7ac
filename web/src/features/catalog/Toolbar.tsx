import { AlignJustify, Columns3, Layers, ListFilter, Search, X } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Density } from "@/data-table/DataTable";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { useHotkey } from "@/lib/hotkeys";
import type { Json } from "@/lib/json";
import { useDebounced } from "@/lib/useDebounced";
import { ruleFields } from "@/rules/fields";
import { RuleBuilder } from "@/rules/RuleBuilder";
import { completeRules, countRules, type Group, NO_RULES, readRules } from "@/rules/rule";
import { Button } from "@/ui/Button";
import { MultiCombobox } from "@/ui/Combobox";
import { Field } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { Input } from "@/ui/Input";
import { Menu, MenuRadio } from "@/ui/Menu";
import { Popover } from "@/ui/Popover";
import type { ChangeView } from "./CatalogPage";
import { ColumnChooser } from "./ColumnChooser";
import type { CatalogColumn } from "./columns";
import { ExportMenu } from "./ExportMenu";
import { FilterChips } from "./FilterChips";
import type { View } from "./view";

type ToolbarProps = {
  blueprint: BlueprintDefinition;
  view: View;
  onChange: ChangeView;
  all: readonly CatalogColumn[];
  columns: readonly CatalogColumn[];
  /** What is searched for and filtered by. */
  rules: Group | undefined;
};

const DENSITIES: Array<{ value: Density; label: string }> = [
  { value: "compact", label: "Compact" },
  { value: "default", label: "Default" },
  { value: "comfortable", label: "Comfortable" },
];

/** Search, filters, columns and density of a table. */
export function Toolbar({ blueprint, view, onChange, all, columns, rules }: ToolbarProps) {
  const fields = useMemo(() => ruleFields(blueprint), [blueprint]);
  const where = readRules(view.where) ?? NO_RULES;
  const groups = view.group ?? [];
  const count = countRules(completeRules(where));
  return (
    <div className="mt-2.5 flex flex-wrap items-center gap-1.5">
      <SearchBox value={view.q ?? ""} onChange={(q) => onChange({ q: q || undefined })} />
      <Popover
        label="Filter"
        className="w-170"
        trigger={
          <Button icon={ListFilter}>
            Filter
            {count > 0 && <span className="tnum text-accent">{count}</span>}
          </Button>
        }
      >
        <FilterDraft
          value={where}
          fields={fields}
          onChange={(next) => onChange({ where: next.rules.length > 0 ? (next as unknown as Json) : undefined })}
        />
      </Popover>
      <Popover
        label="Group"
        className="w-72"
        trigger={
          <Button icon={Layers}>
            Group
            {groups.length > 0 && <span className="tnum text-accent">{groups.length}</span>}
          </Button>
        }
      >
        <Field label="Group by" hint="Up to three, from the outside in.">
          <MultiCombobox
            placeholder="Property"
            value={groups}
            options={all.filter((column) => column.canGroup).map(({ id, title }) => ({ value: id, label: title }))}
            onChange={(next) => onChange({ group: next.length > 0 ? next.slice(0, 3) : undefined }, true)}
          />
        </Field>
      </Popover>
      <Popover label="Columns" className="w-72" align="end" trigger={<Button icon={Columns3}>Columns</Button>}>
        <ColumnChooser
          all={all}
          chosen={columns}
          pinned={view.pin ?? 1}
          onChange={onChange}
          isChanged={view.columns !== undefined || view.pin !== undefined}
        />
      </Popover>
      <Menu trigger={<IconButton icon={AlignJustify} label="Density" className="border border-line-strong/80" />}>
        <MenuRadio
          label="Row height"
          value={view.density ?? "default"}
          options={DENSITIES}
          onChange={(density) => onChange({ density: density === "default" ? undefined : density })}
        />
      </Menu>
      <ExportMenu blueprint={blueprint.identifier} rules={rules} />
      <FilterChips where={where} fields={fields} onChange={onChange} />
    </div>
  );
}

/** Rules while they are written; those that say enough are asked. */
function FilterDraft({
  value,
  fields,
  onChange,
}: {
  value: Group;
  fields: ReturnType<typeof ruleFields>;
  onChange: (value: Group) => void;
}) {
  const [draft, setDraft] = useState<Group>(() =>
    value.rules.length > 0 ? value : { ...NO_RULES, rules: [{ property: "", operator: "" }] },
  );
  const settled = useDebounced(draft, 250);
  const report = useRef(onChange);
  report.current = onChange;
  const asked = useRef(JSON.stringify(completeRules(value)));
  useEffect(() => {
    const complete = completeRules(settled);
    const text = JSON.stringify(complete);
    if (text === asked.current) return;
    asked.current = text;
    report.current(complete);
  }, [settled]);
  return <RuleBuilder value={draft} onChange={setDraft} fields={fields} />;
}

function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const settled = useDebounced(text, 200);
  const report = useRef(onChange);
  report.current = onChange;
  const known = useRef(value);
  useHotkey("/", "Search in the table", () => input.current?.focus());
  useEffect(() => {
    if (settled === known.current) return;
    known.current = settled;
    report.current(settled);
  }, [settled]);
  useEffect(() => {
    // Changed elsewhere: by Back, or by clearing all.
    if (value === known.current) return;
    known.current = value;
    setText(value);
  }, [value]);
  return (
    <div className="relative w-full sm:w-64">
      <Search aria-hidden className="absolute top-1.5 left-2 size-4 text-muted" />
      <Input
        ref={input}
        type="search"
        aria-label="Search identifiers and titles"
        placeholder="Search identifiers and titles"
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="h-7! pr-7 pl-7.5 [&::-webkit-search-cancel-button]:hidden"
      />
      {text !== "" && (
        <IconButton
          icon={X}
          label="Clear the search"
          size="xs"
          className="absolute top-0.5 right-0.5"
          onClick={() => setText("")}
        />
      )}
    </div>
  );
}

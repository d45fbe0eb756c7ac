import { Filter, SearchX } from "lucide-react";
import { useCallback, useMemo } from "react";
import { type Column, nextSort } from "@/data-table/columns";
import { DataTable } from "@/data-table/DataTable";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { useRoleReason } from "@/lib/session/useMember";
import { both, completeRules, readRules } from "@/rules/rule";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Page, PageHeader } from "@/ui/Page";
import { BulkBar } from "./BulkBar";
import type { ChangeView } from "./CatalogPage";
import type { CatalogRow } from "./catalog.gql";
import { allColumns, chosenColumns } from "./columns";
import { GroupRow } from "./GroupRow";
import type { GroupHeader } from "./groups";
import { NewEntity } from "./NewEntity";
import { QuickLook } from "./QuickLook";
import { Toolbar } from "./Toolbar";
import { useGroupedRows } from "./useGroupedRows";
import { useLiveRows } from "./useLiveRows";
import { useRows } from "./useRows";
import { useSelection } from "./useSelection";
import { readColumns, readSort, searchRules, type View, writeColumns, writeSort } from "./view";

type CatalogTableProps = { blueprint: BlueprintDefinition; view: View; onChange: ChangeView; isSystem: boolean };

const number = new Intl.NumberFormat("en");

export function CatalogTable({ blueprint, view, onChange }: CatalogTableProps) {
  const all = useMemo(() => allColumns(blueprint), [blueprint]);
  const columns = useMemo(() => chosenColumns(all, readColumns(view.columns)), [all, view.columns]);
  const sort = useMemo(() => readSort(view.sort), [view.sort]);
  const rules = useMemo(() => {
    const where = readRules(view.where);
    return both(searchRules(view.q), where && completeRules(where));
  }, [view.q, view.where]);
  const withComputed = columns.some((column) => column.isComputed);
  const rows = useRows({ blueprint: blueprint.identifier, rules, sort, withComputed });
  const groupBy = useMemo(
    () => (view.group ?? []).filter((id) => all.some((column) => column.id === id && column.canGroup)),
    [view.group, all],
  );
  const grouped = useGroupedRows({ blueprint, rules, sort, withComputed, groupBy });
  const shown = groupBy.length > 0 ? grouped : rows;
  const onOpen = useCallback(
    (item: Item) => ("isGroup" in item ? grouped.toggle(item.key) : onChange({ look: item.identifier }, true)),
    [onChange, grouped.toggle],
  );
  const question = JSON.stringify([blueprint.identifier, rules]);
  const { selection, chosen, number: chosenNumber, chooseAll, clear } = useSelection(question, rows.count, rows.rowAt);
  const live = useLiveRows(blueprint.identifier, rules);
  const canWrite = useRoleReason("MEMBER") === undefined;
  const onResize = (id: string, width: number) => {
    onChange({
      columns: writeColumns(
        columns.map((column) => ({ id: column.id, width: column.id === id ? width : column.width })),
      ),
    });
  };
  const description =
    rows.total === undefined
      ? ""
      : `${number.format(rows.total)} ${rules ? "match" : rows.total === 1 ? "entity" : "entities"}`;
  return (
    <Page
      title={blueprint.title}
      isFull
      header={
        <PageHeader
          title={blueprint.title}
          icon={<BlueprintIcon blueprint={blueprint} size="lg" />}
          description={<span role="status">{description || "\u00a0"}</span>}
          actions={<NewEntity blueprint={blueprint} onMade={(identifier) => onChange({ look: identifier }, true)} />}
        >
          <Toolbar blueprint={blueprint} view={view} onChange={onChange} all={all} columns={columns} rules={rules} />
        </PageHeader>
      }
    >
      <BulkBar
        blueprint={blueprint}
        what={{ blueprint: blueprint.identifier, rules, chosen }}
        number={chosenNumber}
        total={rows.count}
        onAll={chooseAll}
        onClear={clear}
      />
      {live.waiting > 0 && (
        <button
          type="button"
          onClick={live.apply}
          className="shrink-0 border-line border-b bg-info-soft py-1 text-center font-medium text-info text-meta hover:underline"
        >
          {live.waiting === 1 ? "1 change" : `${live.waiting} changes`} of rows: show
        </button>
      )}
      {shown.error && (
        <div className="p-4">
          <ErrorPanel error={shown.error} title="The rows could not be loaded." onRetry={shown.retry} />
        </div>
      )}
      <DataTable
        label={`${blueprint.title}: entities`}
        // A group's line has no cells: fullRow draws it.
        columns={columns as ReadonlyArray<Column<CatalogRow>> as ReadonlyArray<Column<Item>>}
        pinned={view.pin ?? 1}
        count={shown.isPending && !shown.error ? 12 : shown.count}
        rowAt={shown.rowAt}
        rowKey={rowKey}
        onVisible={shown.onVisible}
        fullRow={(item) =>
          "isGroup" in item ? (
            <GroupRow
              header={item}
              blueprint={blueprint}
              title={all.find((column) => column.id === item.property)?.title ?? item.property}
              onToggle={grouped.toggle}
            />
          ) : null
        }
        sort={sort}
        onSort={(id, isAdded) => onChange({ sort: writeSort(nextSort(sort, id, isAdded)) }, true)}
        density={view.density ?? "default"}
        selection={canWrite ? selection : undefined}
        onOpen={onOpen}
        openKey={view.look}
        onResize={onResize}
        isOld={rows.isOld}
        empty={
          shown.error ? null : (
            <Nothing
              isFiltered={rules !== undefined}
              title={blueprint.title}
              onReset={() => onChange({ q: undefined, where: undefined }, true)}
            />
          )
        }
      />
      <QuickLook blueprint={blueprint} identifier={view.look} onClose={() => onChange({ look: undefined })} />
    </Page>
  );
}

type Item = CatalogRow | GroupHeader;

function rowKey(item: Item): string {
  return "isGroup" in item ? `group ${item.key}` : item.identifier;
}

function Nothing({ isFiltered, title, onReset }: { isFiltered: boolean; title: string; onReset: () => void }) {
  if (isFiltered) {
    return (
      <EmptyState
        icon={SearchX}
        title="Nothing matches"
        actions={
          <Button icon={Filter} onClick={onReset}>
            Clear search and filters
          </Button>
        }
      >
        No entity fits what is searched for and filtered by.
      </EmptyState>
    );
  }
  return (
    <EmptyState title={`No ${title} yet`}>Entities come from an integration, from the API, or by hand.</EmptyState>
  );
}

import { Link } from "@tanstack/react-router";
import { Ellipsis, GitMerge, Pencil, RotateCcw, TableProperties, Trash2, X } from "lucide-react";
import { isSystem } from "@/lib/blueprint/model";
import { pointerKeys } from "@/lib/json";
import { Badge } from "@/ui/Badge";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { Menu, MenuItem, MenuLink, MenuSeparator } from "@/ui/Menu";
import { Tabs } from "@/ui/Tabs";
import { stateOf } from "../canvas/shape";
import { useDesigner } from "../designer";
import { partAt } from "../draft/definition";
import { without } from "../draft/drafts";
import type { TabName } from "../search";
import { usePlan } from "../usePlan";
import { BlueprintForm } from "./BlueprintForm";
import { Effects } from "./Effects";
import { GraphqlTab } from "./GraphqlTab";
import { JsonTab } from "./JsonTab";
import { PartForm } from "./PartForm";
import { SampleTab } from "./SampleTab";

/** A blueprint beside the canvas: its form, its JSON, its GraphQL type, a sample. All show the same draft. */
export function BlueprintPanel({ identifier }: { identifier: string }) {
  const { model, drafts, conflicts, search, canEdit, onSearch, select, openDialog, changeDrafts } = useDesigner();
  const live = usePlan(identifier);
  const blueprint = model.get(identifier);
  if (!blueprint) {
    return (
      <div className="flex items-start gap-2 p-4">
        <p className="grow text-muted">There is no blueprint "{identifier}" (any more).</p>
        <IconButton icon={X} label="Close" onClick={() => select(undefined)} />
      </div>
    );
  }
  const part = search.at === undefined ? undefined : partAt(pointerKeys(search.at));
  const state = stateOf(identifier, drafts);
  const isOnServer = drafts[identifier]?.base !== null;
  const tabs = [
    {
      value: "form" as const,
      label: "Form",
      content: part ? (
        <PartForm blueprint={blueprint} part={part} problems={live.problems} />
      ) : (
        <BlueprintForm blueprint={blueprint} problems={live.problems} />
      ),
    },
    {
      value: "json" as const,
      label: "JSON",
      content: <JsonTab key={identifier} identifier={identifier} problems={live.problems} />,
    },
    {
      value: "graphql" as const,
      label: "GraphQL",
      content: (
        <GraphqlTab identifier={identifier} isPublished={isOnServer} hasDraft={state !== "same"} plan={live.plan} />
      ),
    },
    {
      value: "sample" as const,
      label: "Sample",
      content: <SampleTab key={identifier} identifier={identifier} />,
    },
  ];
  return (
    <section aria-label={`Blueprint ${blueprint.title}`} className="flex h-full min-h-0 flex-col bg-surface">
      <header className="flex shrink-0 items-center gap-2.5 py-2.5 pr-2 pl-4">
        <BlueprintIcon blueprint={blueprint} />
        <div className="min-w-0 grow">
          <h2 className="truncate font-semibold text-section leading-5">{blueprint.title}</h2>
          <p className="truncate font-mono text-[0.6875rem] text-muted leading-4">{identifier}</p>
        </div>
        {state !== "same" && <Badge tone={state === "new" ? "ok" : "warn"}>{state === "new" ? "New" : "Edited"}</Badge>}
        <Menu align="end" trigger={<IconButton icon={Ellipsis} label="More about this blueprint" />}>
          {isOnServer && (
            <MenuLink link={<Link to="/catalog/$blueprint" params={{ blueprint: identifier }} />}>
              <TableProperties aria-hidden className="size-4 shrink-0 text-muted" />
              <span className="grow">Open its table</span>
            </MenuLink>
          )}
          {canEdit && !isSystem(blueprint) && (
            <MenuItem icon={Pencil} onSelect={() => openDialog({ kind: "rename", blueprint: identifier })}>
              Rename the identifier…
            </MenuItem>
          )}
          {canEdit && state !== "same" && (
            <MenuItem
              icon={RotateCcw}
              onSelect={() => {
                changeDrafts("discard", (all) => without(all, identifier));
                if (!isOnServer) select(undefined);
              }}
            >
              {isOnServer ? "Discard the changes" : "Discard the draft"}
            </MenuItem>
          )}
          {canEdit && isOnServer && !isSystem(blueprint) && (
            <>
              <MenuSeparator />
              <MenuItem icon={Trash2} isDanger onSelect={() => openDialog({ kind: "delete", blueprint: identifier })}>
                Delete…
              </MenuItem>
            </>
          )}
        </Menu>
        <IconButton icon={X} label="Close the panel" onClick={() => select(undefined)} />
      </header>
      {identifier in conflicts && (
        <div
          role="alert"
          className="mx-4 mb-2 flex items-center gap-3 rounded-md border border-bad/30 bg-bad-soft py-1.5 pr-1.5 pl-3"
        >
          <p className="grow">Somebody changed this blueprint meanwhile, at a place that your draft changes, too.</p>
          <Button icon={GitMerge} onClick={() => openDialog({ kind: "merge", blueprint: identifier })}>
            Merge
          </Button>
        </div>
      )}
      <Tabs<TabName>
        label="Views of the blueprint"
        value={search.tab ?? "form"}
        onChange={(tab) => onSearch({ tab: tab === "form" ? undefined : tab })}
        tabs={tabs}
        className="min-h-0 grow [&>div:first-child]:px-4"
        panelClassName="grow overflow-y-auto"
      />
      <Effects live={live} identifier={identifier} />
    </section>
  );
}

import { clsx } from "clsx";
import { useMemo, useState } from "react";
import { useApiQuery } from "@/lib/api/hooks";
import { isSystem } from "@/lib/blueprint/model";
import { Badge } from "@/ui/Badge";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { Input } from "@/ui/Input";
import { Skeleton } from "@/ui/Skeleton";
import { BlueprintCounts } from "./blueprints.gql";
import { stateOf } from "./canvas/shape";
import { useDesigner } from "./designer";

const number = new Intl.NumberFormat("en");

/** The same as the canvas, as a list. */
export function BlueprintTable() {
  const { model, drafts, conflicts, search, select } = useDesigner();
  const [text, setText] = useState("");
  const counts = useApiQuery(BlueprintCounts, {});
  const entities = useMemo(
    () => new Map(counts.data?.blueprints.map((one) => [one.identifier, one.entityCount])),
    [counts.data],
  );
  const wanted = text.trim().toLowerCase();
  const rows = model.blueprints
    .filter(({ title, identifier }) => `${title} ${identifier}`.toLowerCase().includes(wanted))
    .sort((one, other) => Number(isSystem(one)) - Number(isSystem(other)));
  const head =
    "sticky top-0 h-8 whitespace-nowrap border-line border-b bg-bg px-3 text-left font-medium text-meta text-muted";
  return (
    <div className="p-4">
      <Input
        type="search"
        aria-label="Find a blueprint"
        placeholder="Find a blueprint"
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="mb-3 max-w-64"
      />
      <div className="overflow-x-auto rounded-lg border border-line bg-surface">
        <table className="w-full border-collapse">
          <caption className="sr-only">Blueprints</caption>
          <thead>
            <tr>
              <th scope="col" className={head}>
                Blueprint
              </th>
              <th scope="col" className={head}>
                Relations to
              </th>
              <th scope="col" className={head}>
                Related from
              </th>
              <th scope="col" className={clsx(head, "text-right!")}>
                Properties
              </th>
              <th scope="col" className={clsx(head, "text-right!")}>
                Entities
              </th>
              <th scope="col" className={head}>
                Draft
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((blueprint) => {
              const { identifier, title, relations, properties } = blueprint;
              const state = stateOf(identifier, drafts);
              const from = model.pointingAt(identifier);
              const count = entities.get(identifier);
              return (
                <tr
                  key={identifier}
                  className={clsx(
                    "h-9 border-line border-b last:border-0 hover:bg-hover",
                    search.blueprint === identifier && "bg-accent-soft",
                  )}
                >
                  <td className="px-3">
                    <button
                      type="button"
                      onClick={() => select(identifier)}
                      className="flex max-w-80 items-center gap-2 text-left"
                    >
                      <BlueprintIcon blueprint={blueprint} size="sm" />
                      <span className="truncate font-medium">{title}</span>
                      <span className="truncate font-mono text-[0.6875rem] text-muted">{identifier}</span>
                    </button>
                  </td>
                  <td className="max-w-60 truncate px-3 text-muted">
                    {relations.map(({ target }) => model.get(target)?.title ?? target).join(", ")}
                  </td>
                  <td className="max-w-60 truncate px-3 text-muted">
                    {[...new Set(from.map(({ blueprint }) => blueprint.title))].join(", ")}
                  </td>
                  <td className="tnum px-3 text-right">{properties.length}</td>
                  <td className="tnum px-3 text-right">
                    {count === undefined
                      ? counts.isPending && <Skeleton className="ml-auto h-3.5 w-8" />
                      : number.format(count)}
                  </td>
                  <td className="px-3">
                    {identifier in conflicts ? (
                      <Badge tone="bad">Conflict</Badge>
                    ) : (
                      state !== "same" && (
                        <Badge tone={state === "new" ? "ok" : "warn"}>{state === "new" ? "New" : "Edited"}</Badge>
                      )
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
        {rows.length === 0 && <p className="px-3 py-6 text-center text-muted">Nothing matches "{text}".</p>}
      </div>
    </div>
  );
}

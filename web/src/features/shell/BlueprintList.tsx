import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { isSystem, useModel } from "@/lib/blueprint/model";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { Input } from "@/ui/Input";
import { Skeleton } from "@/ui/Skeleton";
import { sidebarLinkClass } from "./Sidebar";

/** From so many blueprints on they can be filtered. */
const MANY = 15;

/** A link to the table of each blueprint; people and teams last. */
export function BlueprintList({ onLeave }: { onLeave: () => void }) {
  const { model, isPending } = useModel();
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const all = model.blueprints;
  const shown = all.filter(({ title, identifier }) => `${title} ${identifier}`.toLowerCase().includes(wanted));
  if (isPending) {
    return (
      <div className="mt-5 flex flex-col gap-3 px-2">
        <Skeleton className="h-3.5 w-24" />
        <Skeleton className="h-3.5 w-32" />
        <Skeleton className="h-3.5 w-20" />
      </div>
    );
  }
  return (
    <section className="mt-4">
      <h2 className="px-2 pb-1 font-medium text-meta text-muted">Blueprints</h2>
      {all.length > MANY && (
        <Input
          type="search"
          aria-label="Filter blueprints"
          placeholder="Filter"
          value={text}
          onChange={(event) => setText(event.target.value)}
          className="mb-1 h-7!"
        />
      )}
      <Links blueprints={shown.filter((one) => !isSystem(one))} onLeave={onLeave} />
      {shown.length === 0 && <p className="px-2 py-1 text-muted">{wanted ? "Nothing matches." : "None yet."}</p>}
      {shown.some(isSystem) && (
        <>
          <h2 className="px-2 pt-4 pb-1 font-medium text-meta text-muted">People</h2>
          <Links blueprints={shown.filter(isSystem)} onLeave={onLeave} />
        </>
      )}
    </section>
  );
}

function Links({ blueprints, onLeave }: { blueprints: readonly BlueprintDefinition[]; onLeave: () => void }) {
  return (
    <ul className="flex flex-col gap-px">
      {blueprints.map((blueprint) => (
        <li key={blueprint.identifier}>
          <Link
            to="/catalog/$blueprint"
            params={{ blueprint: blueprint.identifier }}
            className={sidebarLinkClass}
            onClick={onLeave}
          >
            <BlueprintIcon blueprint={blueprint} size="sm" />
            <span className="truncate">{blueprint.title}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

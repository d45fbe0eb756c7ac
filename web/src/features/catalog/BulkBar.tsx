import { useQueryClient } from "@tanstack/react-query";
import { Pencil, Trash2, X } from "lucide-react";
import { useState } from "react";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { useRoleReason } from "@/lib/session/useMember";
import { Button } from "@/ui/Button";
import { IconButton } from "@/ui/IconButton";
import { BulkDialog } from "./BulkDialog";
import type { What } from "./bulk";
import { CatalogCount, CatalogRows } from "./catalog.gql";

type BulkBarProps = {
  blueprint: BlueprintDefinition;
  what: What;
  number: number;
  total: number;
  onAll: () => void;
  onClear: () => void;
};

const format = new Intl.NumberFormat("en");

/** What can be done with the chosen rows. */
export function BulkBar({ blueprint, what, number, total, onAll, onClear }: BulkBarProps) {
  const [task, setTask] = useState<"edit" | "delete" | null>(null);
  const reason = useRoleReason("MEMBER");
  const client = useQueryClient();
  const onDone = () => {
    for (const { name } of [CatalogRows, CatalogCount]) void client.invalidateQueries({ queryKey: [name] });
  };
  if (number === 0) return null;
  return (
    <div
      role="region"
      aria-label="Chosen rows"
      className="flex shrink-0 flex-wrap items-center gap-2 border-line border-b bg-accent-soft px-4 py-1.5 sm:px-6"
    >
      <span role="status" className="tnum font-medium">
        {format.format(number)} chosen
      </span>
      {number < total && (
        <Button variant="ghost" onClick={onAll}>
          Choose all {format.format(total)}
        </Button>
      )}
      <span className="grow" />
      <Button icon={Pencil} disabledReason={reason} onClick={() => setTask("edit")}>
        Edit…
      </Button>
      <Button icon={Trash2} disabledReason={reason} onClick={() => setTask("delete")}>
        Delete…
      </Button>
      <IconButton icon={X} label="Choose none" onClick={onClear} />
      {task && (
        <BulkDialog
          task={task}
          blueprint={blueprint}
          what={what}
          number={number}
          onClose={() => setTask(null)}
          onDone={onDone}
          onClear={onClear}
        />
      )}
    </div>
  );
}

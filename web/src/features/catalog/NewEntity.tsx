import { useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { EntityFormDrawer } from "@/entity-form/EntityFormDrawer";
import type { BlueprintDefinition } from "@/lib/blueprint/definition";
import { useRoleReason } from "@/lib/session/useMember";
import { Button } from "@/ui/Button";
import { CatalogCount, CatalogRows } from "./catalog.gql";

/** Makes an entity by hand. */
export function NewEntity({
  blueprint,
  onMade,
}: {
  blueprint: BlueprintDefinition;
  onMade: (identifier: string) => void;
}) {
  const [isOpen, setOpen] = useState(false);
  const reason = useRoleReason("MEMBER");
  const client = useQueryClient();
  const onSaved = (identifier: string) => {
    setOpen(false);
    for (const { name } of [CatalogRows, CatalogCount]) void client.invalidateQueries({ queryKey: [name] });
    onMade(identifier);
  };
  return (
    <>
      <Button icon={Plus} variant="primary" size="md" disabledReason={reason} onClick={() => setOpen(true)}>
        New {blueprint.title}
      </Button>
      {isOpen && <EntityFormDrawer blueprint={blueprint} onClose={() => setOpen(false)} onSaved={onSaved} />}
    </>
  );
}

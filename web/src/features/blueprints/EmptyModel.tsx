import { Layers, Plus, Upload } from "lucide-react";
import { useRoleReason } from "@/lib/session/useMember";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { useDesigner } from "./designer";

/** No blueprint at all. */
export function EmptyModel() {
  const { openDialog } = useDesigner();
  const reason = useRoleReason("ADMIN");
  return (
    <EmptyState
      icon={Layers}
      title="Draw your first blueprint"
      actions={
        <>
          <Button
            variant="primary"
            icon={Plus}
            disabledReason={reason}
            onClick={() => openDialog({ kind: "blueprint" })}
          >
            New blueprint
          </Button>
          <Button icon={Upload} disabledReason={reason} onClick={() => openDialog({ kind: "import" })}>
            Import JSON
          </Button>
        </>
      }
    >
      A blueprint is a type of entity: services, clusters, people. It says what is known of each and how they belong
      together.
    </EmptyState>
  );
}

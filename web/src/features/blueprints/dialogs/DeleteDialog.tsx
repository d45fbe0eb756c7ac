import { Link } from "@tanstack/react-router";
import { useApiMutation, useApiQuery } from "@/lib/api/hooks";
import type { Model } from "@/lib/blueprint/definition";
import { Blueprints } from "@/lib/blueprint/model.gql";
import { asObject, asText } from "@/lib/json";
import { notify } from "@/lib/notify";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { BlueprintCounts, BlueprintNames, DeleteBlueprint } from "../blueprints.gql";
import { useDesigner } from "../designer";
import { without } from "../draft/drafts";

/** Deletes a published blueprint, after what uses it is known. */
export function DeleteDialog({ identifier, onClose }: { identifier: string; onClose: () => void }) {
  const { server, select, settleDrafts } = useDesigner();
  const found = useApiQuery(BlueprintNames, { identifier });
  const remove = useApiMutation(DeleteBlueprint, {
    isShown: true,
    invalidates: [Blueprints, BlueprintCounts],
    onDone: () => {
      settleDrafts((drafts) => without(drafts, identifier));
      notify(`The blueprint ${title} is deleted.`);
      onClose();
      select(undefined);
    },
  });
  const title = server.get(identifier)?.title ?? identifier;
  const count = found.data?.blueprint?.entityCount ?? 0;
  const users = usersOf(server, identifier);
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Delete the blueprint ${title}?`}
      action="Delete"
      isDanger
      word={identifier}
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate({ identifier })}
    >
      {count > 0 && (
        <p>
          It has {new Intl.NumberFormat("en").format(count)} {count === 1 ? "entity" : "entities"}.{" "}
          <Link to="/catalog/$blueprint" params={{ blueprint: identifier }} className="text-accent hover:underline">
            Delete them first
          </Link>
          : a blueprint can be deleted when it has none.
        </p>
      )}
      {users.length > 0 && (
        <div>
          <p>It is used by what must be removed first:</p>
          <ul className="mt-1 list-disc pl-4">
            {users.map((user) => (
              <li key={user}>{user}</li>
            ))}
          </ul>
        </div>
      )}
      {count === 0 && users.length === 0 && found.data && (
        <p>It has no entities, and no other blueprint uses it. Its type disappears from the GraphQL API.</p>
      )}
    </ConfirmDialog>
  );
}

/** What of other blueprints names it. */
function usersOf(model: Model, identifier: string): string[] {
  return model.blueprints
    .filter((one) => one.identifier !== identifier)
    .flatMap((blueprint) => [
      ...blueprint.relations
        .filter(({ target }) => target === identifier)
        .map(({ title }) => `${blueprint.title}: relation ${title}`),
      ...blueprint.properties
        .filter(({ kind, json }) => kind === "aggregation" && asText(asObject(json).target) === identifier)
        .map(({ title }) => `${blueprint.title}: aggregation ${title}`),
    ]);
}

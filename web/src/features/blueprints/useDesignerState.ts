import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useModel } from "@/lib/blueprint/model";
import type { JsonObject } from "@/lib/json";
import { notify } from "@/lib/notify";
import { useRoleRank } from "@/lib/session/useMember";
import { useStore } from "@/lib/store";
import type { Designer, OpenDialog } from "./designer";
import { type Part, partPointer } from "./draft/definition";
import { type Drafts, definitionOf, rebase, settle, step, withDefinition, withDrafts } from "./draft/drafts";
import { design } from "./draft/store";
import type { Search } from "./search";

/** The designer's state, and whether the server's blueprints are there. */
export function useDesignerState(search: Search, onSearch: Designer["onSearch"]) {
  const { model: server, isPending, error, retry } = useModel();
  const { drafts: stored } = useStore(design);
  const canEdit = useRoleRank()("ADMIN");
  const [dialog, setDialog] = useState<OpenDialog>();
  const isLoaded = !isPending && !error;
  const rebased = useMemo(
    () => (isLoaded ? rebase(server, stored) : { drafts: stored, taken: [], conflicts: {} }),
    [server, stored, isLoaded],
  );
  const { drafts, conflicts, taken } = rebased;
  useEffect(() => {
    if (drafts === stored) return;
    const names = taken
      .filter((identifier) => identifier in drafts)
      .map((identifier) => server.get(identifier)?.title ?? identifier);
    if (names.length > 0) notify(`Somebody changed ${names.join(", ")} meanwhile. Your draft has both.`);
    design.set({ ...design.get(), drafts });
  }, [drafts, stored, taken, server]);

  const model = useMemo(() => withDrafts(server, drafts), [server, drafts]);
  const report = useRef(onSearch);
  report.current = onSearch;
  const present = useRef({ server, blueprint: search.blueprint });
  present.current = { server, blueprint: search.blueprint };

  const searchBy = useCallback<Designer["onSearch"]>((change, isNewStep) => report.current(change, isNewStep), []);
  const changeDrafts = useCallback((tag: string, edit: (drafts: Drafts) => Drafts) => {
    const now = design.get();
    design.set(step(now, edit(now.drafts), tag, Date.now()));
  }, []);
  const settleDrafts = useCallback(
    (edit: (drafts: Drafts) => Drafts) => design.set(settle(edit(design.get().drafts))),
    [],
  );
  const change = useCallback(
    (blueprint: string, tag: string, edit: (definition: JsonObject) => JsonObject) => {
      changeDrafts(`${blueprint} ${tag}`, (drafts) => {
        const { server } = present.current;
        const definition = definitionOf(server, drafts, blueprint);
        return definition ? withDefinition(server, drafts, blueprint, edit(definition)) : drafts;
      });
    },
    [changeDrafts],
  );
  const select = useCallback((blueprint: string | undefined, part?: Part) => {
    const isOther = blueprint !== present.current.blueprint;
    const at = part && partPointer(part);
    report.current({ blueprint, at, ...(part ? { tab: undefined } : {}) }, isOther);
  }, []);

  const designer = useMemo<Designer>(
    () => ({
      server,
      model,
      drafts,
      conflicts,
      search,
      canEdit,
      onSearch: searchBy,
      select,
      change,
      changeDrafts,
      settleDrafts,
      openDialog: setDialog,
    }),
    [server, model, drafts, conflicts, search, canEdit, searchBy, select, change, changeDrafts, settleDrafts],
  );
  return { designer, dialog, closeDialog: () => setDialog(undefined), isPending, error, retry };
}

import { createContext, useContext } from "react";
import type { Model } from "@/lib/blueprint/definition";
import type { JsonObject } from "@/lib/json";
import type { Part } from "./draft/definition";
import type { Drafts } from "./draft/drafts";
import type { Conflict } from "./draft/merge";
import type { Search } from "./search";

export type OpenDialog =
  | { kind: "blueprint"; position?: { x: number; y: number } }
  | { kind: "relation"; source: string; target?: string }
  | { kind: "rename"; blueprint: string; part?: Part }
  | { kind: "delete"; blueprint: string }
  | { kind: "merge"; blueprint: string }
  | { kind: "import" }
  | { kind: "publish" };

/** What all parts of the designer share: one model, which canvas, form and JSON all show and change. */
export type Designer = {
  /** As the server has it. */
  server: Model;
  /** With all drafts. */
  model: Model;
  drafts: Drafts;
  /** Drafts that somebody else's change is in the way of. */
  conflicts: Readonly<Record<string, Conflict[]>>;
  search: Search;
  /** Whether the person may change blueprints; the server decides. */
  canEdit: boolean;
  onSearch: (change: Partial<Search>, isNewStep?: boolean) => void;
  select: (blueprint: string | undefined, part?: Part) => void;
  /** Changes a definition: one step, for which typing on is the same step by its tag. */
  change: (blueprint: string, tag: string, edit: (definition: JsonObject) => JsonObject) => void;
  changeDrafts: (tag: string, edit: (drafts: Drafts) => Drafts) => void;
  /** The same without a step that could be undone: after the server has done something. */
  settleDrafts: (edit: (drafts: Drafts) => Drafts) => void;
  openDialog: (dialog: OpenDialog) => void;
};

export const DesignerContext = createContext<Designer | null>(null);

export function useDesigner(): Designer {
  const designer = useContext(DesignerContext);
  if (!designer) throw new Error("a part of the designer was shown outside of it");
  return designer;
}

import type { LinkProps } from "@tanstack/react-router";
import { LayoutGrid, type LucideIcon, Waypoints } from "lucide-react";
import type { Role } from "@/lib/session/session";

/** A page that the sidebar and the command palette lead to. */
export type NavigationEntry = {
  to: LinkProps["to"];
  title: string;
  icon: LucideIcon;
  /** For `useHotkey`; `g` and a letter. */
  keys: string;
  /** Words that people may look for it by. */
  words?: string;
  /** Who has it. */
  role?: Role;
};

/** In the order of the sidebar. A page stands here when it is there. */
export const NAVIGATION: readonly NavigationEntry[] = [
  { to: "/catalog", title: "Catalog", icon: LayoutGrid, keys: "g c", words: "entities home" },
  {
    to: "/blueprints",
    title: "Blueprints",
    icon: Waypoints,
    keys: "g b",
    words: "model designer canvas schema relations properties",
  },
];

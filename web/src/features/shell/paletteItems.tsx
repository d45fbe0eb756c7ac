import type { NavigateOptions } from "@tanstack/react-router";
import { Clock, Keyboard, LogOut, Moon, Sun } from "lucide-react";
import type { ReactNode } from "react";
import { isSystem, useModel } from "@/lib/blueprint/model";
import { recents } from "@/lib/recents";
import { signOut } from "@/lib/session/session";
import { useRoleRank } from "@/lib/session/useMember";
import { useStore } from "@/lib/store";
import { setTheme } from "@/lib/theme";
import { BlueprintIcon } from "@/ui/BlueprintIcon";
import { NAVIGATION } from "./navigation";

type Common = { key: string; title: string; hint?: string; icon: ReactNode };
export type PaletteItem =
  | (Common & { link: NavigateOptions; run?: undefined })
  | (Common & { run: () => void; link?: undefined });
type Group = { title: string; items: PaletteItem[] };
type Found = { id: string; identifier: string; title: string | null; blueprint: string };

const iconClass = "size-4 shrink-0 text-muted";

/** What the palette offers for a text; without one, what was opened last comes first. */
export function usePaletteItems(text: string, found: readonly Found[], onShortcuts: () => void): Group[] {
  const { model } = useModel();
  const has = useRoleRank();
  const opened = useStore(recents);
  const lower = text.toLowerCase();
  const fits = (words: string) => lower.split(/\s+/).every((word) => words.toLowerCase().includes(word));

  const entity = (blueprint: string, identifier: string, title: string | null): PaletteItem => {
    const definition = model.get(blueprint);
    return {
      key: `entity ${blueprint} ${identifier}`,
      title: title || identifier,
      hint: [definition?.title ?? blueprint, title && title !== identifier ? identifier : ""]
        .filter(Boolean)
        .join(" · "),
      icon: <BlueprintIcon blueprint={definition ?? { identifier: blueprint, icon: null }} size="sm" />,
      link: { to: "/entity/$blueprint/$identifier", params: { blueprint, identifier } },
    };
  };
  const pages: PaletteItem[] = NAVIGATION.filter(({ role }) => role === undefined || has(role))
    .filter(({ title, words }) => fits(`${title} ${words ?? ""}`))
    .map(({ to, title, icon: Icon }) => ({
      key: `page ${title}`,
      title,
      icon: <Icon aria-hidden className={iconClass} />,
      link: { to },
    }));
  const blueprints: PaletteItem[] = [...model.blueprints]
    .sort((one, other) => Number(isSystem(one)) - Number(isSystem(other)))
    .filter(({ title, identifier }) => fits(`${title} ${identifier}`))
    .slice(0, text === "" ? 6 : 8)
    .map((blueprint) => ({
      key: `blueprint ${blueprint.identifier}`,
      title: blueprint.title,
      hint: "Table",
      icon: <BlueprintIcon blueprint={blueprint} size="sm" />,
      link: { to: "/catalog/$blueprint", params: { blueprint: blueprint.identifier } },
    }));
  const commands = commandItems(onShortcuts).filter(({ title }) => fits(title));
  const recent = opened
    .filter(({ title, identifier }) => fits(`${title ?? ""} ${identifier}`))
    .slice(0, text === "" ? 6 : 3)
    .map(({ blueprint, identifier, title }) => ({
      ...entity(blueprint, identifier, title),
      icon: <Clock aria-hidden className={iconClass} />,
    }));
  const known = new Set(recent.map(({ key }) => key));
  const entities = found
    .map(({ blueprint, identifier, title }) => entity(blueprint, identifier, title))
    .filter(({ key }) => !known.has(key));
  return [
    { title: "Recent", items: recent },
    { title: "Entities", items: entities },
    { title: "Blueprints", items: blueprints },
    { title: "Pages", items: pages },
    { title: "Commands", items: text === "" ? [] : commands },
  ].filter(({ items }) => items.length > 0);
}

function commandItems(onShortcuts: () => void): PaletteItem[] {
  return [
    { key: "dark", title: "Dark theme", icon: <Moon aria-hidden className={iconClass} />, run: () => setTheme("dark") },
    {
      key: "light",
      title: "Light theme",
      icon: <Sun aria-hidden className={iconClass} />,
      run: () => setTheme("light"),
    },
    {
      key: "keys",
      title: "Keyboard shortcuts",
      icon: <Keyboard aria-hidden className={iconClass} />,
      run: onShortcuts,
    },
    { key: "out", title: "Sign out", icon: <LogOut aria-hidden className={iconClass} />, run: () => void signOut() },
  ];
}

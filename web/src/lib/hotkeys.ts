/** Keys for the whole page. They never override typing, and can be turned off. */
import { useEffect, useRef } from "react";
import { rememberedStore } from "./local";

export const areHotkeysOn = rememberedStore("portolan.hotkeys", true);
/** A second key of a sequence such as `g c` must follow within this time, in milliseconds. */
const SEQUENCE = 1_000;
const isMac = typeof navigator !== "undefined" && /mac|iphone|ipad/i.test(navigator.platform);

type Hotkey = { keys: string; title: string; run: (event: KeyboardEvent) => void };
const bound = new Set<Hotkey>();
let first: { key: string; at: number } | undefined;

/** All that are bound now, for the list of shortcuts. */
export function hotkeys(): Array<{ keys: string; title: string }> {
  const titles = new Map([...bound].map(({ keys, title }) => [keys, title]));
  return [...titles].map(([keys, title]) => ({ keys, title }));
}

/**
 * Binds keys while the component is there: one (`/`), with Ctrl or Cmd (`mod+k`), or two in a row (`g c`). With
 * `mod` they work while typing, too.
 */
export function useHotkey(keys: string, title: string, run: (event: KeyboardEvent) => void, isOn = true): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (!isOn) return;
    const hotkey: Hotkey = { keys, title, run: (event) => latest.current(event) };
    bound.add(hotkey);
    return () => {
      bound.delete(hotkey);
    };
  }, [keys, title, isOn]);
}

/** How keys are written for people. */
export function keyLabels(keys: string): string[] {
  return keys.split(/[ +]/).map((key) => {
    if (key === "mod") return isMac ? "⌘" : "Ctrl";
    return key.length === 1 ? key.toUpperCase() : (NAMES[key] ?? key);
  });
}

const NAMES: Record<string, string> = { escape: "Esc", enter: "↵", arrowup: "↑", arrowdown: "↓", space: "Space" };

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches("input, textarea, select, [role=textbox], [role=combobox]");
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (!event.altKey && !event.shiftKey) carryOut(`mod+${key}`, event);
    return;
  }
  if (event.altKey || !areHotkeysOn.get() || isTyping(event.target)) return;
  if (document.querySelector("[role=dialog], [role=alertdialog], [role=menu], [role=listbox]")) return;
  if (first && event.timeStamp - first.at < SEQUENCE && carryOut(`${first.key} ${key}`, event)) first = undefined;
  else if (!carryOut(key, event)) first = { key, at: event.timeStamp };
}

function carryOut(keys: string, event: KeyboardEvent): boolean {
  // The one bound last belongs to what is nearest.
  const found = [...bound].findLast((hotkey) => hotkey.keys === keys);
  if (!found) return false;
  event.preventDefault();
  found.run(event);
  return true;
}

/** Begins to listen; once, by main.tsx. */
export function listenForHotkeys(): void {
  document.addEventListener("keydown", onKey);
}

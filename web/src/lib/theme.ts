/** Light, dark, or as the system has it. public/theme.js sets it before the first paint; this follows later changes. */
import { createStore } from "./store";

export type Theme = "system" | "light" | "dark";
const KEY = "portolan.theme";
const system = () => matchMedia("(prefers-color-scheme: dark)");

function chosen(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

export const theme = createStore<Theme>("system");

function apply(): void {
  const isDark = theme.get() === "dark" || (theme.get() === "system" && system().matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
}

export function setTheme(value: Theme): void {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // It holds until the page is closed.
  }
  theme.set(value);
  apply();
}

/** Once, by main.tsx. */
export function followTheme(): void {
  theme.set(chosen());
  system().addEventListener("change", apply);
  apply();
}

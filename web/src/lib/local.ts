/** What this browser remembers. Where storage is turned off or full, it is simply forgotten. */
import { createStore, type Store } from "./store";

export function recall<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(key);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Forgotten.
  }
}

/** A store whose value outlives the page. */
export function rememberedStore<T>(key: string, initial: T): Store<T> {
  const store = createStore(recall(key, initial));
  return {
    ...store,
    set: (value) => {
      remember(key, value);
      store.set(value);
    },
  };
}

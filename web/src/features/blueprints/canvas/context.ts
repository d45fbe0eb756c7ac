import { createContext, useContext } from "react";

/** What nodes need of the canvas beside their data. */
export type CanvasContext = { canEdit: boolean; onToggle: (identifier: string) => void };

export const Canvas = createContext<CanvasContext>({ canEdit: false, onToggle: () => {} });

export function useCanvas(): CanvasContext {
  return useContext(Canvas);
}

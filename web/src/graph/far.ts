import type { ReactFlowState } from "@xyflow/react";

/** Below this zoom, details would be too small to read: nodes show icon and title alone, large. */
export const FAR_ZOOM = 0.55;

/** Whether the canvas is looked at from afar. Changes only when that boundary is crossed. */
export function FAR(state: ReactFlowState): boolean {
  return state.transform[2] < FAR_ZOOM;
}

import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ReactElement, ReactNode } from "react";
import { KeyHint } from "./KeyHint";

export const TooltipProvider = Base.Provider;

type TooltipProps = {
  text: ReactNode;
  keys?: string;
  side?: "top" | "bottom" | "left" | "right";
  /** One element that takes props and a ref. */
  children: ReactElement<Record<string, unknown>>;
};

/** More about a control, on hover and focus. What it says is never needed to use the control. */
export function Tooltip({ text, keys, side = "top", children }: TooltipProps) {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner side={side} sideOffset={6} className="z-50">
          <Base.Popup className="floating-layer flex max-w-80 items-center gap-2 px-2 py-1 text-meta">
            {text}
            {keys && <KeyHint keys={keys} />}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

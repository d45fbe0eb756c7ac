import { Dialog as Base } from "@base-ui/react/dialog";
import { clsx } from "clsx";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "./IconButton";

type DrawerProps = {
  isOpen: boolean;
  onClose: () => void;
  title: ReactNode;
  /** Controls beside the title. */
  actions?: ReactNode;
  side?: "left" | "right";
  /** The page stays usable beside it. */
  isBeside?: boolean;
  width?: "narrow" | "md" | "wide";
  footer?: ReactNode;
  children: ReactNode;
};

const WIDTH = { narrow: "w-70", md: "w-120", wide: "w-180" };

/** A panel at the side, over the page's edge. */
export function Drawer(props: DrawerProps) {
  const { isOpen, onClose, title, actions, side = "right", isBeside = false, width = "md", footer, children } = props;
  return (
    <Base.Root
      open={isOpen}
      modal={!isBeside}
      disablePointerDismissal={isBeside}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Base.Portal>
        {!isBeside && (
          <Base.Backdrop className="fixed inset-0 z-30 bg-backdrop transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        )}
        <Base.Popup
          className={clsx(
            "fixed inset-y-0 z-30 flex max-w-[calc(100vw-2rem)] flex-col border-line bg-surface shadow-floating outline-none transition-transform duration-150",
            side === "right"
              ? "right-0 border-l data-ending-style:translate-x-full data-starting-style:translate-x-full"
              : "left-0 border-r data-ending-style:-translate-x-full data-starting-style:-translate-x-full",
            WIDTH[width],
          )}
        >
          <div className="flex h-11 shrink-0 items-center gap-1 border-line border-b pr-2 pl-4">
            <Base.Title className="min-w-0 grow truncate font-semibold text-section">{title}</Base.Title>
            {actions}
            <IconButton icon={X} label="Close" onClick={onClose} />
          </div>
          <div className="min-h-0 grow overflow-y-auto">{children}</div>
          {footer && <div className="flex justify-end gap-2 border-line border-t px-4 py-3">{footer}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

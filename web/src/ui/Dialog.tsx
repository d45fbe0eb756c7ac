import { Dialog as Base } from "@base-ui/react/dialog";
import { clsx } from "clsx";
import { X } from "lucide-react";
import type { ReactNode, RefObject } from "react";
import { IconButton } from "./IconButton";

type DialogProps = {
  isOpen: boolean;
  onClose: () => void;
  title: ReactNode;
  description?: ReactNode;
  /** 400, 560, 800 or 1120 px wide where there is room. */
  size?: "sm" | "md" | "lg" | "xl";
  /** Buttons, the one that goes on last. */
  footer?: ReactNode;
  /** It cannot be left but by what it offers. */
  isFixed?: boolean;
  initialFocus?: RefObject<HTMLElement | null>;
  children?: ReactNode;
};

const WIDTH = { sm: "max-w-100", md: "max-w-140", lg: "max-w-200", xl: "max-w-280" };

/** A question or a task above the page. Focus stays inside and goes back where it was. */
export function Dialog(props: DialogProps) {
  const { isOpen, onClose, title, description, size = "sm", footer, isFixed = false, initialFocus, children } = props;
  return (
    <Base.Root
      open={isOpen}
      disablePointerDismissal={isFixed}
      onOpenChange={(open) => {
        if (!open && !isFixed) onClose();
      }}
    >
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-backdrop transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Viewport className="fixed inset-0 z-40 flex items-start justify-center overflow-y-auto p-3 pt-[8vh] sm:p-6 sm:pt-[10vh]">
          <Base.Popup
            {...(initialFocus ? { initialFocus } : {})}
            className={clsx("floating-layer flex max-h-full w-full flex-col outline-none", WIDTH[size])}
          >
            <div className="flex items-start gap-3 px-5 pt-4 pb-1">
              <div className="min-w-0 grow">
                <Base.Title className="font-semibold text-section">{title}</Base.Title>
                {description && <Base.Description className="mt-1 text-muted">{description}</Base.Description>}
              </div>
              {!isFixed && <IconButton icon={X} label="Close" onClick={onClose} className="-mr-2" />}
            </div>
            <div className="min-h-0 overflow-y-auto px-5 py-3">{children}</div>
            {footer && <div className="flex flex-wrap justify-end gap-2 border-line border-t px-5 py-3">{footer}</div>}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}

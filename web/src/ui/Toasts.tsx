import { Toast } from "@base-ui/react/toast";
import { clsx } from "clsx";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import type { ReactNode } from "react";
import { type NoticeData, notices } from "@/lib/notify";
import { RequestReference } from "./RequestReference";

/** Where notifications appear; F6 moves there. Around the whole page. */
export function Toasts({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={notices} limit={4}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed right-3 bottom-3 z-60 flex w-90 max-w-[calc(100vw-1.5rem)] flex-col gap-2 outline-none">
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List() {
  const { toasts } = Toast.useToastManager<NoticeData>();
  return toasts.map((toast) => {
    const isBad = toast.data?.tone === "bad";
    const Icon = isBad ? CircleAlert : CircleCheck;
    return (
      <Toast.Root key={toast.id} toast={toast} swipeDirection="right" className="floating-layer data-limited:hidden">
        <Toast.Content className="flex items-start gap-2.5 py-2 pr-1.5 pl-3">
          <Icon aria-hidden className={clsx("mt-1 size-4 shrink-0", isBad ? "text-bad" : "text-ok")} />
          <div className="min-w-0 grow py-0.5">
            <Toast.Title className="font-medium [overflow-wrap:anywhere]" />
            <Toast.Description className="text-muted [overflow-wrap:anywhere]" />
            {toast.data?.code && <RequestReference code={toast.data.code} requestId={toast.data.requestId} />}
          </div>
          {toast.actionProps && (
            <Toast.Action className="h-7 shrink-0 rounded-md px-2 font-medium text-accent hover:bg-hover" />
          )}
          <Toast.Close
            aria-label="Dismiss"
            className="flex size-7 shrink-0 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-fg"
          >
            <X aria-hidden className="size-4" />
          </Toast.Close>
        </Toast.Content>
      </Toast.Root>
    );
  });
}

/** Notifications, for code inside and outside of components. Shown by ui/Toasts. */
import { Toast } from "@base-ui/react/toast";
import { asApiError } from "./api/error";

export type NoticeData = { code?: string; requestId?: string | undefined; tone: "ok" | "bad" };
export const notices = Toast.createToastManager<NoticeData>();

export function notify(title: string, action?: { label: string; run: () => void }): void {
  notices.add({
    title,
    data: { tone: "ok" },
    timeout: action ? 8_000 : 4_000,
    ...(action ? { actionProps: { children: action.label, onClick: action.run } } : {}),
  });
}

/** A call that failed where no place on the page can tell of it. Stays until it is closed. */
export function notifyFailure(error: unknown, title = "That did not work"): void {
  const { code, message, requestId } = asApiError(error);
  const description = message;
  notices.add({ title, description, data: { tone: "bad", code, requestId }, timeout: 0, priority: "high" });
}

import { WifiOff } from "lucide-react";
import { useSyncExternalStore } from "react";
import { connection } from "@/lib/api/live";
import { useStore } from "@/lib/store";

function onOnline(listener: () => void): () => void {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}

/** Says when what is shown may be out of date. */
export function ConnectionNote() {
  const isOnline = useSyncExternalStore(onOnline, () => navigator.onLine);
  const isLost = useStore(connection) === "lost";
  return (
    <div role="status">
      {(!isOnline || isLost) && (
        <p className="flex items-center gap-2 border-line border-t px-4 py-2 text-meta text-warn">
          <WifiOff aria-hidden className="size-4 shrink-0" />
          {isOnline ? "Live updates are interrupted; connecting again…" : "You are offline. What you see may be old."}
        </p>
      )}
    </div>
  );
}

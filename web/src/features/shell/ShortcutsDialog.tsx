import { useState } from "react";
import { areHotkeysOn, hotkeys } from "@/lib/hotkeys";
import { useStore } from "@/lib/store";
import { Dialog } from "@/ui/Dialog";
import { KeyHint } from "@/ui/KeyHint";
import { Switch } from "@/ui/Switch";

/** What keys do on this page. */
export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const isOn = useStore(areHotkeysOn);
  const [bound] = useState(hotkeys);
  return (
    <Dialog isOpen onClose={onClose} title="Keyboard shortcuts">
      <ul className="flex flex-col">
        {[...bound, { keys: "escape", title: "Close the topmost layer" }].map(({ keys, title }) => (
          <li key={keys} className="flex h-8 items-center justify-between border-line border-b last:border-0">
            {title}
            <span>
              <KeyHint keys={keys} />
              <span className="sr-only">{keys}</span>
            </span>
          </li>
        ))}
      </ul>
      <Switch checked={isOn} onChange={areHotkeysOn.set} className="mt-4">
        Single keys work while nothing is typed
      </Switch>
    </Dialog>
  );
}

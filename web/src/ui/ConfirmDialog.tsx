import { type ReactNode, useEffect, useState } from "react";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { ErrorPanel } from "./ErrorPanel";
import { Field } from "./Field";
import { Input } from "./Input";

type ConfirmDialogProps = {
  isOpen: boolean;
  onClose: () => void;
  /** A question that names what it is about: "Delete the service basket?" */
  title: string;
  /** What follows from it. */
  children?: ReactNode;
  /** A verb: "Delete". */
  action: string;
  isDanger?: boolean;
  /** To be typed before the button works, for what cannot be undone and reaches far. */
  word?: string;
  isBusy?: boolean;
  error?: unknown;
  onConfirm: () => void;
};

export function ConfirmDialog(props: ConfirmDialogProps) {
  const { isOpen, onClose, title, children, action, isDanger = false, word, isBusy = false, error, onConfirm } = props;
  const [typed, setTyped] = useState("");
  useEffect(() => {
    if (!isOpen) setTyped("");
  }, [isOpen]);
  const isReady = word === undefined || typed === word;
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title={title}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant={isDanger ? "danger" : "primary"} isBusy={isBusy} disabled={!isReady} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {children}
        {word !== undefined && (
          <Field label={`Type ${word} to go on`}>
            <Input value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
          </Field>
        )}
        <ErrorPanel error={error} />
      </div>
    </Dialog>
  );
}

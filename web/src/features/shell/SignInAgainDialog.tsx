import { useRef, useState } from "react";
import { session, signIn, signOut } from "@/lib/session/session";
import { useStore } from "@/lib/store";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";

/** The sign-in has expired: asks for the password above the page, which keeps all that was typed. */
export default function SignInAgainDialog() {
  const email = useStore(session)?.account.email ?? "";
  const [password, setPassword] = useState("");
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await signIn(email, password);
    } catch (failure) {
      setError(failure);
      input.current?.focus();
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      isOpen
      isFixed
      onClose={() => {}}
      initialFocus={input}
      title="Sign in again"
      description={`Your sign-in as ${email} is over. What you were doing goes on afterwards.`}
      footer={
        <>
          <Button variant="ghost" onClick={() => void signOut().catch(() => location.assign("/sign-in"))}>
            Use another account
          </Button>
          <Button type="submit" form="sign-in-again" variant="primary" isBusy={isBusy}>
            Sign in
          </Button>
        </>
      }
    >
      <form
        id="sign-in-again"
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <input type="email" autoComplete="username" value={email} readOnly hidden />
        <Field label="Password">
          <Input
            ref={input}
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        <ErrorPanel error={error} title="You are not signed in yet." />
      </form>
    </Dialog>
  );
}

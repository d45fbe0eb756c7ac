import { useState } from "react";
import { hasCode, messageAt, withoutPaths } from "@/lib/api/error";
import { signIn } from "@/lib/session/session";
import { Button } from "@/ui/Button";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { EntryCard } from "./EntryCard";
import { ownAddress } from "./ownAddress";
import { useSubmit } from "./useSubmit";

/** `next` is where the person wanted to go. */
export function SignInPage({ next }: { next: string | undefined }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { submit, isBusy, error } = useSubmit(async () => {
    await signIn(email.trim(), password);
    location.assign(ownAddress(next));
  });
  const title = hasCode(error, "UNAUTHENTICATED") ? "E-mail and password do not match." : "You are not signed in.";
  return (
    <EntryCard title="Sign in">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field label="E-mail" error={messageAt(error, "/email")}>
          <Input
            type="email"
            autoComplete="username"
            required
            autoFocus
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        </Field>
        <Field label="Password" error={messageAt(error, "/password")}>
          <Input
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        <ErrorPanel error={withoutPaths(error, ["/email", "/password"])} title={title} />
        <Button type="submit" variant="primary" size="md" isBusy={isBusy}>
          Sign in
        </Button>
        <p className="text-meta text-muted">
          No account, or the password is lost? An admin of your tenant can send you a link.
        </p>
      </form>
    </EntryCard>
  );
}

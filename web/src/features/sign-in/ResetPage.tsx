import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { messageAt, withoutPaths } from "@/lib/api/error";
import { send } from "@/lib/session/session";
import { Button, buttonClass } from "@/ui/Button";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { SkeletonLines } from "@/ui/Skeleton";
import { EntryCard } from "./EntryCard";
import { useSubmit } from "./useSubmit";

/** Behind a link that sets a new password. */
export function ResetPage({ token }: { token: string }) {
  const { data, error, isPending } = useQuery({
    queryKey: ["password-reset", token],
    queryFn: async () =>
      (await send("GET", `/api/password-reset/${encodeURIComponent(token)}`)) as unknown as { email: string },
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [password, setPassword] = useState("");
  const [isDone, setDone] = useState(false);
  const {
    submit,
    isBusy,
    error: failure,
  } = useSubmit(async () => {
    await send("POST", "/api/password-reset", { token, password });
    setDone(true);
  });
  if (isDone) {
    return (
      <EntryCard title="Your password is changed" description="All sign-ins with the old one have ended.">
        <a href="/sign-in" className={buttonClass({ variant: "primary", size: "md" })}>
          Sign in
        </a>
      </EntryCard>
    );
  }
  return (
    <EntryCard title="New password" description={data && `For the account ${data.email}.`}>
      {isPending && <SkeletonLines />}
      {error && <ErrorPanel error={error} title="This link cannot be used." />}
      {data && (
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <input type="email" autoComplete="username" value={data.email} readOnly hidden />
          <Field label="New password" hint="At least 10 characters." error={messageAt(failure, "/password")}>
            <Input
              type="password"
              autoComplete="new-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </Field>
          <ErrorPanel error={withoutPaths(failure, ["/password"])} title="The password is not changed." />
          <Button type="submit" variant="primary" size="md" isBusy={isBusy}>
            Set the password
          </Button>
        </form>
      )}
    </EntryCard>
  );
}

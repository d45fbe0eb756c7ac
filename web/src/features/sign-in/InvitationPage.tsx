import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { messageAt, withoutPaths } from "@/lib/api/error";
import { begin, send } from "@/lib/session/session";
import { tenantPath } from "@/lib/session/tenant";
import { Button } from "@/ui/Button";
import { ErrorPanel } from "@/ui/ErrorPanel";
import { Field } from "@/ui/Field";
import { Input } from "@/ui/Input";
import { SkeletonLines } from "@/ui/Skeleton";
import { EntryCard } from "./EntryCard";
import { useSubmit } from "./useSubmit";

type Invitation = { email: string; role: string; tenant: { slug: string; title: string }; hasAccount: boolean };

/** Behind an invitation's link: makes an account, or joins with the one there is. */
export function InvitationPage({ token }: { token: string }) {
  const { data, error, isPending } = useQuery({
    queryKey: ["invitation", token],
    queryFn: async () => (await send("GET", `/api/invitations/${encodeURIComponent(token)}`)) as unknown as Invitation,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (isPending) {
    return (
      <EntryCard title="Invitation">
        <SkeletonLines />
      </EntryCard>
    );
  }
  if (!data) {
    return (
      <EntryCard title="Invitation">
        <ErrorPanel error={error} title="This link cannot be used." />
        <p className="mt-3 text-muted">A link is good once and for some days. Ask for a new one.</p>
      </EntryCard>
    );
  }
  return <Accept token={token} invitation={data} />;
}

function Accept({ token, invitation }: { token: string; invitation: Invitation }) {
  const { email, role, tenant, hasAccount } = invitation;
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const { submit, isBusy, error } = useSubmit(async () => {
    await begin("/api/invitations/accept", { token, password, ...(name.trim() ? { name: name.trim() } : {}) });
    location.assign(tenantPath(tenant.slug));
  });
  return (
    <EntryCard title={`Join ${tenant.title}`} description={`As ${role.toLowerCase()}, with the address ${email}.`}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <input type="email" autoComplete="username" value={email} readOnly hidden />
        {!hasAccount && (
          <Field label="Your name" error={messageAt(error, "/name")}>
            <Input autoComplete="name" value={name} onChange={(event) => setName(event.target.value)} />
          </Field>
        )}
        <Field
          label={hasAccount ? "Password of your account" : "New password"}
          hint={hasAccount ? undefined : "At least 10 characters."}
          error={messageAt(error, "/password")}
        >
          <Input
            type="password"
            autoComplete={hasAccount ? "current-password" : "new-password"}
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        <ErrorPanel error={withoutPaths(error, ["/name", "/password"])} title="You have not joined yet." />
        <Button type="submit" variant="primary" size="md" isBusy={isBusy}>
          Join
        </Button>
      </form>
    </EntryCard>
  );
}

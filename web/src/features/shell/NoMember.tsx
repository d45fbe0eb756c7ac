import { DoorClosed } from "lucide-react";
import { session, signOut } from "@/lib/session/session";
import { tenantPath, tenantSlug } from "@/lib/session/tenant";
import { useStore } from "@/lib/store";
import { Button, buttonClass } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { useTitle } from "@/ui/Page";

/** Signed in, but not a member of the tenant in the address. */
export function NoMember() {
  const open = useStore(session);
  const slug = tenantSlug();
  useTitle("No access");
  return (
    <main>
      <EmptyState
        icon={DoorClosed}
        title={slug === undefined ? "You belong to no tenant" : `You are not a member of ${slug}`}
        actions={
          <>
            {open?.tenants.map((tenant) => (
              <a key={tenant.slug} href={tenantPath(tenant.slug)} className={buttonClass({ variant: "primary" })}>
                Open {tenant.title}
              </a>
            ))}
            <Button onClick={() => void signOut()}>Sign out</Button>
          </>
        }
      >
        You are signed in as {open?.account.email}. An admin can invite this address.
      </EmptyState>
    </main>
  );
}

import { Check, ChevronsUpDown } from "lucide-react";
import { session } from "@/lib/session/session";
import { tenantPath } from "@/lib/session/tenant";
import { useMembership } from "@/lib/session/useMember";
import { useStore } from "@/lib/store";
import { Logo } from "@/ui/Logo";
import { Menu, MenuLabel, MenuLink } from "@/ui/Menu";

/** The tenant of the page, and the way to the others. */
export function TenantSwitcher() {
  const open = useStore(session);
  const present = useMembership();
  const tenants = open?.tenants ?? [];
  const name = (
    <>
      <Logo className="size-6" />
      <span className="min-w-0 grow truncate text-left font-semibold">{present.title}</span>
    </>
  );
  if (tenants.length < 2) return <div className="flex h-8 items-center gap-2 px-1">{name}</div>;
  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={`Tenant ${present.title}; choose another`}
          className="flex h-8 items-center gap-2 rounded-md px-1 hover:bg-hover"
        >
          {name}
          <ChevronsUpDown aria-hidden className="size-3.5 shrink-0 text-muted" />
        </button>
      }
    >
      <MenuLabel>Tenants</MenuLabel>
      {tenants.map((tenant) => (
        <MenuLink key={tenant.slug} link={<a href={tenantPath(tenant.slug)} />}>
          <span className="min-w-0 grow">
            <span className="block truncate">{tenant.title}</span>
            <span className="block text-meta text-muted">{tenant.role.toLowerCase()}</span>
          </span>
          {tenant.slug === present.slug && <Check aria-label="this one" className="size-3.5 text-accent" />}
        </MenuLink>
      ))}
    </Menu>
  );
}

import { useStore } from "@/lib/store";
import { type Membership, type Role, session } from "./session";
import { tenantSlug } from "./tenant";

const RANK: Record<Role, number> = { VIEWER: 0, MEMBER: 1, ADMIN: 2 };

/** The membership of who is signed in, in the tenant of the page. */
export function useMembership(): Membership {
  const open = useStore(session);
  const found = open?.tenants.find((tenant) => tenant.slug === tenantSlug());
  if (!found) throw new Error("a page of a tenant was shown to somebody who is no member");
  return found;
}

/** Why the person may not do what takes this role; undefined where it is allowed. The server decides; this only tells. */
export function useRoleReason(role: Role): string | undefined {
  const { role: own } = useMembership();
  if (RANK[own] >= RANK[role]) return undefined;
  const who = role === "ADMIN" ? "an admin" : "a member";
  return `This takes the role of ${who}; yours is ${own.toLowerCase()}.`;
}

/** Whether the person has at least a role. */
export function useRoleRank(): (role: Role) => boolean {
  const { role: own } = useMembership();
  return (role) => RANK[own] >= RANK[role];
}

import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useRoleRank } from "@/lib/session/useMember";
import { KeyHint } from "@/ui/KeyHint";
import { AccountMenu } from "./AccountMenu";
import { BlueprintList } from "./BlueprintList";
import { ConnectionNote } from "./ConnectionNote";
import { NAVIGATION } from "./navigation";
import { TenantSwitcher } from "./TenantSwitcher";

type SidebarProps = { onSearch: () => void; onShortcuts: () => void; onLeave: () => void };

export const sidebarLinkClass =
  "flex h-7 items-center gap-2 rounded-md px-2 text-fg/85 hover:bg-hover hover:text-fg [&.active]:bg-pressed [&.active]:font-medium [&.active]:text-fg";

/** Tenant, search, pages, and every blueprint's table. */
export function Sidebar({ onSearch, onShortcuts, onLeave }: SidebarProps) {
  const has = useRoleRank();
  return (
    <div className="flex h-full flex-col">
      <div className="flex flex-col gap-2 p-2">
        <TenantSwitcher />
        <button
          type="button"
          onClick={() => {
            onLeave();
            onSearch();
          }}
          className="flex h-8 items-center gap-2 rounded-md border border-line bg-surface px-2 text-muted hover:border-line-strong"
        >
          <Search aria-hidden className="size-4" />
          <span className="grow text-left">Search</span>
          <KeyHint keys="mod+k" />
        </button>
      </div>
      <nav aria-label="Main" className="min-h-0 grow overflow-y-auto px-2 pb-2">
        <ul className="flex flex-col gap-px">
          {NAVIGATION.filter(({ role }) => role === undefined || has(role)).map(({ to, title, icon: Icon }) => (
            <li key={title}>
              <Link to={to} activeOptions={{ exact: to === "/catalog" }} className={sidebarLinkClass} onClick={onLeave}>
                <Icon aria-hidden className="size-4 shrink-0 text-muted" />
                {title}
              </Link>
            </li>
          ))}
        </ul>
        <BlueprintList onLeave={onLeave} />
      </nav>
      <ConnectionNote />
      <div className="border-line border-t p-2">
        <AccountMenu onShortcuts={onShortcuts} />
      </div>
    </div>
  );
}

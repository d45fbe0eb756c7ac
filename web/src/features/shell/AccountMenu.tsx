import { Keyboard, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { notifyFailure } from "@/lib/notify";
import { session, signOut } from "@/lib/session/session";
import { useMembership } from "@/lib/session/useMember";
import { useStore } from "@/lib/store";
import { setTheme, theme } from "@/lib/theme";
import { Avatar } from "@/ui/Avatar";
import { Menu, MenuItem, MenuRadio, MenuSeparator } from "@/ui/Menu";

/** Who is signed in; theme, shortcuts, sign-out. */
export function AccountMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const open = useStore(session);
  const { role } = useMembership();
  const chosen = useStore(theme);
  const email = open?.account.email ?? "";
  const name = open?.account.name ?? email;
  return (
    <Menu
      side="top"
      trigger={
        <button
          type="button"
          className="flex w-full items-center gap-2 rounded-md px-1.5 py-1 text-left hover:bg-hover"
        >
          <Avatar name={name} className="size-6!" />
          <span className="min-w-0 grow">
            <span className="block truncate font-medium">{name}</span>
            <span className="block truncate text-meta text-muted">{role.toLowerCase()}</span>
          </span>
        </button>
      }
    >
      <div className="max-w-60 px-2 py-1">
        <p className="truncate text-meta text-muted">Signed in as {email}</p>
      </div>
      <MenuSeparator />
      <MenuRadio
        label="Theme"
        value={chosen}
        onChange={setTheme}
        options={[
          { value: "system", label: "As the system", icon: Monitor },
          { value: "light", label: "Light", icon: Sun },
          { value: "dark", label: "Dark", icon: Moon },
        ]}
      />
      <MenuSeparator />
      <MenuItem icon={Keyboard} hint="?" onSelect={onShortcuts}>
        Keyboard shortcuts
      </MenuItem>
      <MenuItem
        icon={LogOut}
        onSelect={() => signOut().catch((error) => notifyFailure(error, "You are still signed in"))}
      >
        Sign out
      </MenuItem>
    </Menu>
  );
}

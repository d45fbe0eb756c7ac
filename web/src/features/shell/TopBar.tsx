import { Menu, Search } from "lucide-react";
import { useMembership } from "@/lib/session/useMember";
import { IconButton } from "@/ui/IconButton";
import { Logo } from "@/ui/Logo";

/** On narrow windows, instead of the sidebar. */
export function TopBar({ onMenu, onSearch }: { onMenu: () => void; onSearch: () => void }) {
  const { title } = useMembership();
  return (
    <header className="flex h-11 shrink-0 items-center gap-2 border-line border-b bg-surface px-2 md:hidden">
      <IconButton icon={Menu} label="Open menu" size="md" onClick={onMenu} />
      <Logo className="size-5" />
      <span className="min-w-0 grow truncate font-semibold">{title}</span>
      <IconButton icon={Search} label="Find anything" size="md" onClick={onSearch} />
    </header>
  );
}

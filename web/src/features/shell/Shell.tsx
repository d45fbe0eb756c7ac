import { Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useLiveModel } from "@/lib/blueprint/model";
import { useHotkey } from "@/lib/hotkeys";
import { isSignInWanted, session } from "@/lib/session/session";
import { tenantSlug } from "@/lib/session/tenant";
import { useStore } from "@/lib/store";
import { Drawer } from "@/ui/Drawer";
import { NoMember } from "./NoMember";
import { NAVIGATION } from "./navigation";
import { RouteAnnouncer } from "./RouteAnnouncer";
import { Sidebar } from "./Sidebar";
import { TopBar } from "./TopBar";

const loadPalette = () => import("./CommandPalette");
const CommandPalette = lazy(loadPalette);
const SignInAgainDialog = lazy(() => import("./SignInAgainDialog"));
const ShortcutsDialog = lazy(() => import("./ShortcutsDialog"));

/** What is around every page of a tenant. */
export function Shell() {
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [areShortcutsOpen, setShortcutsOpen] = useState(false);
  const mustSignIn = useStore(isSignInWanted);
  const open = useStore(session);
  useEffect(() => {
    // There before it is wanted: whoever presses Ctrl-K types on at once.
    const timer = setTimeout(() => void loadPalette(), 1_000);
    return () => clearTimeout(timer);
  }, []);
  useHotkey("mod+k", "Find anything", () => setPaletteOpen(true));
  useHotkey("/", "Search", () => setPaletteOpen(true));
  useHotkey("?", "Show all shortcuts", () => setShortcutsOpen(true));
  if (!open?.tenants.some((tenant) => tenant.slug === tenantSlug())) return <NoMember />;
  const sidebar = (
    <Sidebar
      onSearch={() => setPaletteOpen(true)}
      onShortcuts={() => setShortcutsOpen(true)}
      onLeave={() => setMenuOpen(false)}
    />
  );
  return (
    <>
      <button
        type="button"
        className="floating-layer -translate-y-20 fixed top-2 left-2 z-50 px-3 py-1.5 focus:translate-y-0"
        onClick={() => document.getElementById("main")?.focus()}
      >
        Skip to content
      </button>
      {NAVIGATION.map((entry) => (
        <GoTo key={entry.keys} {...entry} />
      ))}
      <div className="flex h-dvh flex-col md:flex-row">
        <aside className="hidden w-52 shrink-0 border-line border-r bg-bg md:block">{sidebar}</aside>
        <TopBar onMenu={() => setMenuOpen(true)} onSearch={() => setPaletteOpen(true)} />
        <main id="main" tabIndex={-1} className="relative min-h-0 min-w-0 grow overflow-y-auto bg-bg outline-none">
          <Outlet />
        </main>
      </div>
      <Drawer isOpen={isMenuOpen} onClose={() => setMenuOpen(false)} title="Menu" side="left" width="narrow">
        {sidebar}
      </Drawer>
      <Suspense>
        {isPaletteOpen && (
          <CommandPalette onClose={() => setPaletteOpen(false)} onShortcuts={() => setShortcutsOpen(true)} />
        )}
        {areShortcutsOpen && <ShortcutsDialog onClose={() => setShortcutsOpen(false)} />}
        {mustSignIn && <SignInAgainDialog />}
      </Suspense>
      <RouteAnnouncer />
      <LiveModel />
    </>
  );
}

function GoTo({ to, title, keys }: (typeof NAVIGATION)[number]) {
  const navigate = useNavigate();
  useHotkey(keys, `Go to ${title}`, () => void navigate({ to }));
  return null;
}

function LiveModel() {
  useLiveModel();
  return null;
}

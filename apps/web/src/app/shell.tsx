import { Link, useNavigate } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import type { ReactNode } from "react";
import { feed } from "../lib/feed.ts";
import { isOver, overviewOf } from "../lib/feed-state.ts";
import { money } from "../lib/format.ts";
import { moveFocus, useKeys } from "../lib/keys.ts";
import { lazyAgain } from "../lib/lazy-again.ts";
import { visible } from "../lib/odd-characters.ts";
import { useStore } from "../lib/store.ts";
import { nextTheme } from "../lib/theme.ts";
import { Boundary } from "../ui/states.tsx";
import { Icon } from "../ui/icon.tsx";
import { ConnectionBadge } from "./connection-badge.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";

const Palette = lazyAgain(async () => (await import("./palette.tsx")).Palette);
const Help = lazyAgain(async () => (await import("./help.tsx")).Help);

export function Shell({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<"palette" | "help" | null>(null);
  const navigate = useNavigate();
  useKeys({
    "mod+k": () => setOpen((now) => (now === "palette" ? null : "palette")),
    "?": () => setOpen("help"),
    "g h": () => void navigate({ to: "/" }),
    "g f": () => void navigate({ to: "/fleet" }),
    "g s": () => void navigate({ to: "/settings" }),
    "g n": () => void navigate({ to: "/new" }),
    c: () => void navigate({ to: "/new" }),
    t: nextTheme,
    j: () => moveFocus(1),
    k: () => moveFocus(-1),
  });
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="side">
        <Link to="/" className="brand" aria-label="Agency, overview">
          <span className="brand-mark" aria-hidden="true" />
          <span className="brand-name">Agency</span>
        </Link>
        <Navigation onSearch={() => setOpen("palette")} />
        <LiveRuns />
        <div className="side-foot">
          <ConnectionBadge />
          <div className="side-tools">
            <ThemeSwitch />
            <button
              type="button"
              className="icon-button help-button"
              aria-label="Keyboard shortcuts"
              onClick={() => setOpen("help")}
            >
              <Icon name="question" />
            </button>
          </div>
        </div>
      </header>
      <main id="main" className="main" tabIndex={-1}>
        {children}
      </main>
      <Boundary key={open}>
        <Suspense>
          {open === "palette" && <Palette onClose={() => setOpen(null)} />}
          {open === "help" && <Help onClose={() => setOpen(null)} />}
        </Suspense>
      </Boundary>
    </div>
  );
}

function Navigation({ onSearch }: { onSearch: () => void }) {
  const known = useStore(feed);
  const needed = known === null ? 0 : overviewOf(known.tasks, new Set(), Date.now()).needsMe.length;
  return (
    <nav className="nav" aria-label="Main">
      <Link to="/new" className="nav-new">
        <Icon name="plus" /> <span>New run</span> <kbd>C</kbd>
      </Link>
      <Link to="/" className="nav-link" activeOptions={{ exact: true }}>
        <Icon name="home" /> <span>Overview</span>
        {needed > 0 && (
          <span className="count" title="Runs that need you">
            {needed}
          </span>
        )}
      </Link>
      <Link to="/fleet" className="nav-link">
        <Icon name="list" /> <span>Fleet</span>
      </Link>
      <Link to="/settings" className="nav-link">
        <Icon name="sliders" /> <span>Settings</span>
      </Link>
      <button type="button" className="nav-link nav-search" onClick={onSearch}>
        <Icon name="search" /> <span>Search</span> <kbd>Ctrl K</kbd>
      </button>
    </nav>
  );
}

const MOST_SHOWN = 12;

/** What is alive, one click away from everywhere. */
function LiveRuns() {
  const known = useStore(feed);
  const alive = (known?.tasks ?? []).filter((task) => !isOver(task.state)).slice(0, MOST_SHOWN);
  if (alive.length === 0) return <div className="side-runs" />;
  return (
    <nav className="side-runs" aria-label="Live runs">
      <p className="side-title">Live</p>
      {alive.map((task) => (
        <Link key={task.id} to="/runs/$id" params={{ id: task.id }} className="side-run">
          <span className={`dot dot-${task.state}`} aria-hidden="true" />
          <span className="cut">{visible(task.name)}</span>
          <span className="figure">{money(task.costUsd)}</span>
        </Link>
      ))}
    </nav>
  );
}

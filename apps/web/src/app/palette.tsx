import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { api } from "../lib/api.ts";
import { feed } from "../lib/feed.ts";
import { visible } from "../lib/odd-characters.ts";
import { leave } from "../lib/session.ts";
import { useStore } from "../lib/store.ts";
import { nextTheme } from "../lib/theme.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import type { IconName } from "../ui/icon.tsx";
import { stateWords } from "../ui/pill.tsx";
import { attempt } from "../ui/toasts.tsx";
import { ranked } from "./rank.ts";

interface Command {
  id: string;
  label: string;
  detail: string;
  icon: IconName;
  run: () => void;
}

export function Palette({ onClose }: { onClose: () => void }) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const commands = useCommands();
  const found = useMemo(() => ranked(commands, query).slice(0, 12), [commands, query]);
  const chosen = Math.min(at, found.length - 1);
  const run = (command: Command | undefined) => {
    onClose();
    command?.run();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) setAt((chosen + step + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") run(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Search and commands" onClose={onClose} className="palette">
      <input
        autoFocus
        className="palette-input"
        placeholder="A run, or what to do"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found[chosen] === undefined ? undefined : `command-${found[chosen].id}`}
        aria-label="Search runs and commands"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="palette-list" role="listbox" aria-label="Found" className="palette-list">
        {found.map((command, index) => (
          <li
            key={command.id}
            id={`command-${command.id}`}
            role="option"
            aria-selected={index === chosen}
            onPointerMove={() => setAt(index)}
            onClick={() => run(command)}
          >
            <Icon name={command.icon} />
            <span className="cut">{command.label}</span>
            <span className="palette-detail">{command.detail}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="palette-none">Nothing is called that.</p>}
    </Dialog>
  );
}

function useCommands(): Command[] {
  const navigate = useNavigate();
  const known = useStore(feed);
  return useMemo(() => {
    const actions: Command[] = [
      { id: "new", label: "New run", detail: "C", icon: "plus", run: () => void navigate({ to: "/new" }) },
      { id: "home", label: "Overview", detail: "G H", icon: "home", run: () => void navigate({ to: "/" }) },
      {
        id: "fleet",
        label: "Fleet",
        detail: "G F",
        icon: "list",
        run: () => void navigate({ to: "/fleet" }),
      },
      {
        id: "settings",
        label: "Settings",
        detail: "G S",
        icon: "sliders",
        run: () => void navigate({ to: "/settings" }),
      },
      { id: "theme", label: "Change the theme", detail: "T", icon: "moon", run: nextTheme },
      { id: "api", label: "API reference", detail: "", icon: "link", run: () => location.assign("/docs") },
      {
        id: "out",
        label: "Sign out of this device",
        detail: "",
        icon: "out",
        run: () => void attempt(() => api.signOut()).then((done) => done && leave()),
      },
    ];
    const runs = (known?.tasks ?? []).map((task) => ({
      id: task.id,
      label: visible(task.name),
      detail: stateWords(task.state, task.reason),
      icon: "bot" as const,
      run: () => void navigate({ to: "/runs/$id", params: { id: task.id } }),
    }));
    return [...actions, ...runs];
  }, [known, navigate]);
}

import { Link } from "@tanstack/react-router";
import type { RunTab } from "../../app/router.tsx";
import { count } from "../../lib/format.ts";
import type { RunView } from "./run-store.ts";

export const TABS = [
  { id: "timeline", label: "Timeline" },
  { id: "files", label: "Files" },
  { id: "diff", label: "Diff" },
  { id: "logs", label: "Logs" },
  { id: "artifacts", label: "Artifacts" },
  { id: "terminal", label: "Terminal" },
  { id: "raw", label: "Raw" },
  { id: "settings", label: "Settings" },
] as const satisfies readonly { id: RunTab; label: string }[];

interface RunTabsProps {
  tab: RunTab;
  view: RunView;
  taskId: string;
}

export function RunTabs({ tab, view, taskId }: RunTabsProps) {
  const counts: Partial<Record<RunTab, number>> = { diff: view.summary.files.size, raw: view.events.length };
  return (
    <div className="tabs" role="tablist" aria-label="Views of the run" onKeyDown={moveAmongTabs}>
      {TABS.map(({ id, label }) => (
        <Link
          key={id}
          id={`tab-${id}`}
          role="tab"
          aria-selected={id === tab}
          aria-controls="tab-panel"
          tabIndex={id === tab ? 0 : -1}
          to="/runs/$id"
          params={{ id: taskId }}
          search={id === "timeline" ? {} : { tab: id }}
          className="tab"
        >
          {label}
          {(counts[id] ?? 0) > 0 && <span className="tab-count">{count(counts[id] ?? 0)}</span>}
        </Link>
      ))}
    </div>
  );
}

function moveAmongTabs(event: React.KeyboardEvent<HTMLElement>): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")];
  const at = tabs.findIndex((tab) => tab === document.activeElement);
  tabs[(at + step + tabs.length) % tabs.length]?.focus();
}

import type { Task } from "@agency/contract";
import { Suspense } from "react";
import type { RunTab } from "../../app/router.tsx";
import { lazyAgain } from "../../lib/lazy-again.ts";
import { Skeleton } from "../../ui/states.tsx";
import { TimelineTab } from "./tabs/timeline-tab.tsx";
import type { Run } from "./use-run.ts";

const Files = lazyAgain(async () => (await import("./tabs/files-tab.tsx")).FilesTab);
const Diff = lazyAgain(async () => (await import("./tabs/diff-tab.tsx")).DiffTab);
const Logs = lazyAgain(async () => (await import("./tabs/logs-tab.tsx")).LogsTab);
const Artifacts = lazyAgain(async () => (await import("./tabs/artifacts-tab.tsx")).ArtifactsTab);
const Shell = lazyAgain(async () => (await import("./terminal/terminal-tab.tsx")).TerminalTab);
const Raw = lazyAgain(async () => (await import("./tabs/raw-tab.tsx")).RawTab);
const Settings = lazyAgain(async () => (await import("./tabs/settings-tab.tsx")).SettingsTab);

interface TabBodyProps {
  tab: RunTab;
  task: Task;
  run: Run;
}

export function TabBody({ tab, task, run }: TabBodyProps) {
  const { view } = run;
  if (tab === "timeline") return <TimelineTab task={task} run={run} />;
  return (
    <Suspense fallback={<Skeleton lines={6} />}>
      {tab === "files" && <Files task={task} mark={view.summary.keptAt} />}
      {tab === "diff" && <Diff task={task} view={view} />}
      {tab === "logs" && <Logs view={view} name={task.name} />}
      {tab === "artifacts" && <Artifacts task={task} mark={view.summary.keptAt} />}
      {tab === "terminal" && <Shell task={task} />}
      {tab === "raw" && <Raw view={view} />}
      {tab === "settings" && <Settings task={task} />}
    </Suspense>
  );
}

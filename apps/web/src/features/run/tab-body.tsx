import type { Task } from "@agency/contract";
import { lazy, Suspense } from "react";
import type { RunTab } from "../../app/router.tsx";
import { Skeleton } from "../../ui/states.tsx";
import { TimelineTab } from "./tabs/timeline-tab.tsx";
import type { Run } from "./use-run.ts";

const Files = lazy(async () => ({ default: (await import("./tabs/files-tab.tsx")).FilesTab }));
const Diff = lazy(async () => ({ default: (await import("./tabs/diff-tab.tsx")).DiffTab }));
const Logs = lazy(async () => ({ default: (await import("./tabs/logs-tab.tsx")).LogsTab }));
const Artifacts = lazy(async () => ({ default: (await import("./tabs/artifacts-tab.tsx")).ArtifactsTab }));
const Shell = lazy(async () => ({ default: (await import("./terminal/terminal-tab.tsx")).TerminalTab }));
const Raw = lazy(async () => ({ default: (await import("./tabs/raw-tab.tsx")).RawTab }));
const Settings = lazy(async () => ({ default: (await import("./tabs/settings-tab.tsx")).SettingsTab }));

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

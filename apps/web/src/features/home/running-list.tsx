import type { TaskSummary } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { money } from "../../lib/format.ts";
import { StatePill } from "../../ui/pill.tsx";
import { Text, firstLine } from "../../ui/text.tsx";
import { Elapsed } from "../../ui/time.tsx";

interface RunningListProps {
  running: readonly TaskSummary[];
  waiting: readonly TaskSummary[];
}

export function RunningList({ running, waiting }: RunningListProps) {
  return (
    <ul className="run-list">
      {[...running, ...waiting].map((task) => (
        <RunningRun key={task.id} task={task} />
      ))}
    </ul>
  );
}

function RunningRun({ task }: { task: TaskSummary }) {
  const { progress } = task;
  return (
    <li>
      <Link to="/runs/$id" params={{ id: task.id }} className="run-card" data-stop>
        <span className="run-card-name cut">
          <Text>{task.name}</Text>
        </span>
        <StatePill state={task.state} reason={task.reason} stopping={task.cancelRequested} />
        <span
          className={task.state === "running" ? "run-card-activity cut shimmer" : "run-card-activity cut"}
        >
          <Text>{activityOf(task)}</Text>
        </span>
        <span className="run-card-figures figure">
          {progress !== null && progress.total > 0 && (
            <span>
              {progress.passed}/{progress.total} <span className="quiet">features</span>
            </span>
          )}
          <span>{money(task.costUsd)}</span>
          <span>{task.startedAt === null ? "not started" : <Elapsed since={task.startedAt} />}</span>
        </span>
        <span className="run-card-bar" aria-hidden="true">
          <span style={{ inlineSize: `${shareOf(task) * 100}%` }} />
        </span>
      </Link>
    </li>
  );
}

function activityOf({ state, activity, repository, prompt, notBefore }: TaskSummary): string {
  if (state === "queued") return "Waits for a place to run";
  if (state === "scheduled" && notBefore !== null) return `Starts ${new Date(notBefore).toLocaleString()}`;
  if (state === "starting") return "The sandbox is being prepared";
  return firstLine(activity ?? repository?.url ?? prompt);
}

/** Of its features where there are some, of its budget where not. */
function shareOf({ progress, costUsd, limits }: TaskSummary): number {
  if (progress !== null && progress.total > 0) return progress.passed / progress.total;
  return Math.min(1, costUsd / limits.costUsd);
}

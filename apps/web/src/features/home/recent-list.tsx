import type { TaskSummary } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { duration, money } from "../../lib/format.ts";
import { StatePill } from "../../ui/pill.tsx";
import { Text } from "../../ui/text.tsx";
import { Ago } from "../../ui/time.tsx";

export function RecentList({ tasks }: { tasks: readonly TaskSummary[] }) {
  return (
    <ul className="recent-list">
      {tasks.map((task) => (
        <li key={task.id}>
          <Link to="/runs/$id" params={{ id: task.id }} className="recent" data-stop>
            <StatePill state={task.state} reason={task.reason} />
            <span className="recent-name cut">
              <Text>{task.name}</Text>
            </span>
            <span className="recent-changes figure">
              {task.changes !== null && task.changes.files > 0 && (
                <>
                  <span className="added">+{task.changes.added}</span>{" "}
                  <span className="removed">−{task.changes.removed}</span>
                </>
              )}
            </span>
            <span className="recent-took figure quiet">{tookOf(task)}</span>
            <span className="recent-cost figure">{money(task.costUsd)}</span>
            <span className="recent-when quiet">
              <Ago at={task.finishedAt ?? task.createdAt} />
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function tookOf({ startedAt, finishedAt }: TaskSummary): string {
  if (startedAt === null || finishedAt === null) return "";
  return duration(new Date(finishedAt).getTime() - new Date(startedAt).getTime());
}

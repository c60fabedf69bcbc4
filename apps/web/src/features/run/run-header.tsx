import type { Task } from "@agency/contract";
import { isOver } from "../../lib/feed-state.ts";
import { duration, money } from "../../lib/format.ts";
import { visible } from "../../lib/odd-characters.ts";
import { StatePill } from "../../ui/pill.tsx";
import { Text, firstLine } from "../../ui/text.tsx";
import { Ago, useNow } from "../../ui/time.tsx";
import { RunActions } from "./run-actions.tsx";
import { workedMs } from "./worked.ts";
import type { RunConnection } from "./follow-run.ts";
import type { Run } from "./use-run.ts";

export function RunHeader({ task, run }: { task: Task; run: Run }) {
  const { summary, rows } = run.view;
  const over = isOver(task.state);
  return (
    <header className="run-head">
      <div className="run-title">
        <h1 className="cut" title={visible(firstLine(task.prompt, 400))}>
          <Text>{task.name}</Text>
        </h1>
        <StatePill state={task.state} reason={task.reason} stopping={task.cancelRequested && !over} />
        {task.demo && <span className="tag">demo</span>}
        <Freshness connection={run.connection} over={over} />
      </div>
      <RunActions task={task} />
      <p className="run-facts">
        <span>
          {task.engine}
          {summary.session !== null && ` · ${summary.session.model}`}
        </span>
        {task.repository !== null && (
          <span className="cut">
            <Text>{task.repository.url.replace(/^https?:\/\//, "")}</Text>
          </span>
        )}
        <span>
          started <Ago at={task.startedAt ?? task.createdAt} />
        </span>
        <Worked task={task} />
        <span className="figure">{money(Math.max(task.costUsd, summary.costUsd))}</span>
      </p>
      {task.message !== null && task.state !== "running" && task.asks.length === 0 && (
        <p className={`run-message run-message-${task.state}`}>
          <Text>{task.message}</Text>
        </p>
      )}
      {!over && rows.length > 0 && summary.activity !== null && (
        <Activity state={summary.activity.state} note={summary.activity.note} at={summary.activity.at} />
      )}
    </header>
  );
}

function Worked({ task }: { task: Task }) {
  return <span className="figure">{duration(workedMs(task, useNow()))}</span>;
}

const CONNECTIONS: Record<RunConnection, string> = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  paused: "Paused",
};

/** Whether what is shown is what is. A run that is over does not change any more. */
function Freshness({ connection, over }: { connection: RunConnection; over: boolean }) {
  const settled = over && connection !== "reconnecting";
  return (
    <span className={`freshness freshness-${settled ? "over" : connection}`} role="status">
      {settled ? "Historical" : CONNECTIONS[connection]}
    </span>
  );
}

const DOING: Record<string, string> = {
  requesting: "Asking the model",
  thinking: "Thinking",
  responding: "Writing",
  tool: "Working",
  retrying: "Trying again",
  compacting: "Tidying its memory",
  background: "Waiting for a background command",
  waiting_user: "Waiting for you",
  idle: "Idle",
};

function Activity({ state, note, at }: { state: string; note: string; at: string }) {
  const quiet = state === "idle" || state === "waiting_user";
  return (
    <p className="activity">
      <span className={quiet ? "cut" : "cut shimmer"}>
        {DOING[state] ?? state}
        {note !== "" && (
          <>
            {" · "}
            <Text>{firstLine(note)}</Text>
          </>
        )}
      </span>
      <span className="quiet figure">
        <Ago at={at} />
      </span>
    </p>
  );
}

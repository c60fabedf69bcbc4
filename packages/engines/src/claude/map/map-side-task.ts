import type {
  SDKBackgroundTasksChangedMessage,
  SDKTaskNotificationMessage,
  SDKTaskStartedMessage,
  SDKTaskUpdatedMessage,
} from "@anthropic-ai/claude-agent-sdk";
import { capText } from "../../shared/cap-text.ts";
import { commandEvents } from "../../shared/command-events.ts";
import { nothing, withStanding } from "./mapping.ts";
import type { Mapped, Mapping, SideTask } from "./mapping.ts";
import { fieldsOf, textOf } from "./read-value.ts";

const MAX_SUMMARY_BYTES = 16 * 1024;

export function mapTaskStarted(state: Mapping, message: SDKTaskStartedMessage): Mapped {
  if (message.ambient === true || message.skip_transcript === true) return nothing(state);
  const what = whatOf(message.task_type);
  const { tool_use_id: toolId, description } = message;
  const task: SideTask = { what, description, toolId, command: commandOf(state, toolId) };
  const known = { ...state, tasks: new Map(state.tasks).set(message.task_id, task) };
  // A shell that the turn waits for is a plain tool call, until it is moved to the background.
  if (what === "bash" && message.is_backgrounded === false) return nothing(known);
  return begun(known, message.task_id, task);
}

export function mapTaskUpdated(state: Mapping, message: SDKTaskUpdatedMessage): Mapped {
  const task = state.tasks.get(message.task_id);
  if (task === undefined || message.patch.is_backgrounded !== true) return nothing(state);
  return begun(state, message.task_id, task);
}

/** Ends come in several kinds of message; this one has the summary and comes for each of them. */
export function mapTaskEnded(state: Mapping, message: SDKTaskNotificationMessage): Mapped {
  const task = state.tasks.get(message.task_id);
  if (task === undefined) return nothing(state);
  const tasks = new Map(state.tasks);
  tasks.delete(message.task_id);
  const owesTurn = state.standing.owesTurn || !state.standing.isTurnOpen;
  const after = withStanding({ ...state, tasks }, { owesTurn });
  const { text: summary } = capText(message.summary, MAX_SUMMARY_BYTES);
  const { status } = message;
  return {
    state: after,
    events: [
      { type: "subtask", data: { id: message.task_id, status, what: task.what, summary } },
      ...endedCommand(task, summary),
    ],
  };
}

export function mapBackgroundTasks(state: Mapping, message: SDKBackgroundTasksChangedMessage): Mapped {
  const background = message.tasks.filter((task) => task.ambient !== true).map((task) => task.description);
  return nothing(withStanding(state, { background }));
}

function begun(state: Mapping, id: string, task: SideTask): Mapped {
  const data = { id, status: "started" as const, what: task.what, summary: task.description };
  return { state, events: [{ type: "subtask", data }] };
}

function endedCommand({ what, command, toolId }: SideTask, summary: string): Mapped["events"] {
  if (what !== "bash" || command === undefined) return [];
  const code = /\(exit code (\d{1,3})\)/u.exec(summary)?.[1];
  return commandEvents({ command, exitCode: code === undefined ? null : Number(code), output: "", toolId });
}

function commandOf(state: Mapping, toolId: string | undefined): string | undefined {
  const call = toolId === undefined ? undefined : state.calls.get(toolId);
  return textOf(fieldsOf(call?.input)["command"]);
}

function whatOf(taskType: string | undefined): SideTask["what"] {
  if (taskType === "local_bash") return "bash";
  return taskType?.includes("agent") === true ? "agent" : "other";
}

import type { Task, TaskEvent } from "@agency/contract";
import type { StreamState } from "@agency/client";
import { createEventView } from "../render/event-view.ts";
import { FRAME_MS, liveLine } from "../render/live-line.ts";
import { formatDuration } from "../render/numbers.ts";
import type { Session } from "../session.ts";

/** Shows the events of one task: lines and a live line for people, NDJSON for programs. */
export interface TaskPrinter {
  event: (event: TaskEvent) => void;
  state: (state: StreamState) => void;
  /** Takes the live line away. */
  close(): void;
  readonly lastText: string;
}

export function printTask(session: Session, task: Task, { live }: { live: boolean }): TaskPrinter {
  return session.json ? jsonPrinter(session) : textPrinter(session, task, live);
}

function jsonPrinter({ output }: Session): TaskPrinter {
  return {
    event: (event) => output.json(event),
    state: (state) => {
      const sentence = troubleOf(state);
      if (sentence !== null) output.note(sentence);
    },
    close: () => {},
    lastText: "",
  };
}

function textPrinter({ output, world: { clock } }: Session, task: Task, live: boolean): TaskPrinter {
  const look = () => ({ style: output.style, width: output.width });
  const startedAtMs = Date.parse(task.startedAt ?? task.createdAt);
  const view = createEventView(look(), { startedAtMs, costUsd: task.costUsd });
  let trouble: string | null = null;
  const redraw = () => {
    const elapsedMs = clock.now() - startedAtMs;
    const activity = trouble ?? view.activity;
    output.live(
      liveLine(look(), { elapsedMs, costUsd: view.costUsd, budgetUsd: task.limits.costUsd, activity }),
    );
  };
  const stop = live && output.terminal ? clock.every(FRAME_MS, redraw) : () => {};
  return {
    event: (event) => {
      const lines = view.lines(event);
      if (lines.length > 0) output.print(lines);
    },
    state: (state) => {
      const sentence = troubleOf(state);
      // Said once, not at every attempt.
      if (sentence !== null && trouble === null) output.note(output.noteStyle.yellow(sentence));
      if (state.state === "live" && trouble !== null) output.note(output.noteStyle.dim("Connected again."));
      const wait = state.state === "reconnecting" ? formatDuration(state.inMs) : null;
      trouble = wait === null ? null : `Connection lost, trying again in ${wait}`;
    },
    close: () => {
      stop();
      output.live(null);
    },
    get lastText() {
      return view.lastText;
    },
  };
}

function troubleOf(state: StreamState): string | null {
  if (state.state === "purged") return `Events before number ${state.firstSeq} are no longer kept.`;
  return state.state === "reconnecting"
    ? `The connection was lost (${state.error.message}) Trying again; the run goes on.`
    : null;
}

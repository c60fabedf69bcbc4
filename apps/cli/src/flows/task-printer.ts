import type { Task, TaskEvent } from "@agency/contract";
import type { StreamState } from "@agency/client";
import type { Output } from "../output.ts";
import { createEventView } from "../render/event-view.ts";
import type { EventView } from "../render/event-view.ts";
import { FRAME_MS, liveLine } from "../render/live-line.ts";
import { formatDuration } from "../render/numbers.ts";
import type { Look } from "../render/row.ts";
import type { Session } from "../session.ts";

/** Shows the events of one task: lines and a live line for people, NDJSON for programs. */
export interface TaskPrinter {
  event: (event: TaskEvent) => void;
  state: (state: StreamState) => void;
  /** Takes the live line away. */
  close(): void;
  /** What people have seen; null when programs read. */
  readonly shown: Pick<EventView, "lastText" | "listedChanges"> | null;
}

export function printTask(session: Session, task: Task, { live }: { live: boolean }): TaskPrinter {
  return session.json ? jsonPrinter(session) : textPrinter(session, task, live);
}

function jsonPrinter({ output }: Session): TaskPrinter {
  const connection = watchConnection(output);
  return { event: (event) => output.json(event), state: connection.state, close: () => {}, shown: null };
}

function textPrinter({ output, world: { clock } }: Session, task: Task, live: boolean): TaskPrinter {
  const look: Look = {
    style: output.style,
    // A window may be resized while the run goes on.
    get width() {
      return output.width;
    },
  };
  const startedAtMs = Date.parse(task.startedAt ?? task.createdAt);
  const view = createEventView(look, {
    taskId: task.id,
    startedAtMs,
    costUsd: task.costUsd,
    budgetUsd: task.limits.costUsd,
  });
  const connection = watchConnection(output);
  const redraw = () => {
    const elapsedMs = clock.now() - startedAtMs;
    const activity = connection.trouble ?? view.activity;
    output.live(liveLine(look, { elapsedMs, costUsd: view.costUsd, budgetUsd: view.budgetUsd, activity }));
  };
  const stop = live && output.terminal ? clock.every(FRAME_MS, redraw) : () => {};
  return {
    event: (event) => {
      const lines = view.lines(event);
      if (lines.length > 0) output.print(lines);
    },
    state: connection.state,
    close: () => {
      stop();
      output.live(null);
    },
    shown: view,
  };
}

/** Says when the connection breaks and when it is back: once each, not at every attempt. */
function watchConnection(output: Output) {
  let trouble: string | null = null;
  return {
    state: (state: StreamState) => {
      const { dim, yellow } = output.noteStyle;
      if (state.state === "purged") {
        output.note(yellow(`Events before number ${state.firstSeq} are no longer kept.`));
      } else if (state.state === "reconnecting") {
        if (trouble === null) output.note(yellow(`${state.error.message} Trying again; the run goes on.`));
        trouble = `Connection lost, trying again in ${formatDuration(state.inMs)}`;
      } else {
        if (trouble !== null) output.note(dim("Connected again."));
        trouble = null;
      }
    },
    get trouble() {
      return trouble;
    },
  };
}

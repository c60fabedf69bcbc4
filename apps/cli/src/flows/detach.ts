import { isAgencyError } from "@agency/contract";
import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import type { Session } from "../session.ts";

/** How long a first Ctrl-C waits for the second one that means "stop the task". */
const SECOND_PRESS_MS = 1500;

export interface Detach {
  /** The task that a second Ctrl-C stops. */
  watching(task: Task): void;
  /** Aborts when the view should end and the task go on. */
  readonly detached: AbortSignal;
  /** The task was asked to stop. */
  readonly stopping: boolean;
  release(): void;
}

/** Ctrl-C once: leave the run alone and go. Twice: stop the task and see it end. Three times: go anyhow. */
export function takeInterrupts(session: Session, client: Client): Detach {
  const { output, world } = session;
  const detached = new AbortController();
  const decided = new AbortController();
  let presses = 0;
  let task: Task | null = null;

  const release = session.interrupts.take(() => {
    presses += 1;
    if (presses === 1) {
      output.note("\nLeaving; the run goes on. Press Ctrl-C again to stop it.");
      void world.clock.sleep(SECOND_PRESS_MS, decided.signal).then(() => {
        if (presses === 1) detached.abort();
      });
    } else if (presses === 2 && task !== null) {
      output.note("Stopping the task …");
      decided.abort();
      void stop(session, client, task);
    } else {
      detached.abort();
    }
  });
  return {
    watching: (watched) => {
      task = watched;
    },
    detached: detached.signal,
    get stopping() {
      return presses >= 2;
    },
    release: () => {
      decided.abort();
      release();
    },
  };
}

async function stop({ output }: Session, client: Client, task: Task): Promise<void> {
  try {
    await client.cancelTask(task.id);
  } catch (error) {
    if (isAgencyError(error) && error.code === "task_finished") return;
    const why = error instanceof Error ? error.message : String(error);
    output.note(`The task could not be stopped: ${why} Try \`agency stop ${task.id}\`.`);
  }
}

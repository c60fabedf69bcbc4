import { AgencyError } from "@agency/contract";
import type { Clock, Logger, TaskStore } from "@agency/core";
import { uuidv7 } from "../ids.ts";

const MOST_A_TASK = 8;
/** From telling the runner to its connection. */
const MEET_MS = 15_000;

export interface TerminalDeps {
  tasks: Pick<TaskStore, "openTerminal" | "noteTerminal">;
  clock: Clock;
  logger: Logger;
}

export interface OpenedTerminal<Connection> {
  readonly id: string;
  /** The runner's end; null when it did not come. */
  readonly runner: Promise<Connection | null>;
  /** Nobody needs it any more. Call it in any case. */
  close(): void;
}

export interface Terminals<Connection> {
  /** Throws when the task has no sandbox that people can look into. */
  open(accountId: string, taskId: string, actor: string): Promise<OpenedTerminal<Connection>>;
  /** The runner of a task is there for a terminal. False: nobody waits for it here. */
  meet(taskId: string, id: string, runner: Connection): boolean;
}

interface Waiting<Connection> {
  readonly taskId: string;
  readonly met: (runner: Connection | null) => void;
}

/** Where people who want a terminal and the runners that serve them find each other: in one process. */
export function createTerminals<Connection>(deps: TerminalDeps): Terminals<Connection> {
  const waiting = new Map<string, Waiting<Connection>>();
  const enter = createPlaces();

  function expect(taskId: string, id: string): Promise<Connection | null> {
    const { promise, resolve } = Promise.withResolvers<Connection | null>();
    const over = new AbortController();
    const met = (runner: Connection | null): void => {
      waiting.delete(id);
      over.abort();
      resolve(runner);
    };
    waiting.set(id, { taskId, met });
    void deps.clock.sleep(MEET_MS, over.signal).then(() => met(null));
    return promise;
  }

  async function note(taskId: string, text: string): Promise<void> {
    await deps.tasks
      .noteTerminal(taskId, text, deps.clock.now())
      .catch((error: unknown) => deps.logger.warn({ err: error, taskId }, "a terminal's end was not noted"));
  }

  return {
    async open(accountId, taskId, actor) {
      const leave = enter(taskId);
      const at = deps.clock.now();
      const id = uuidv7(at);
      const runner = expect(taskId, id);
      const audit = { id: uuidv7(at), at, accountId, actor, action: "terminal.open", target: taskId };
      try {
        const text = `A terminal was opened by ${actor}.`;
        const asked = { id, audit: { ...audit, detail: { terminal: id } }, text };
        const said = await deps.tasks.openTerminal(accountId, taskId, asked);
        if (said !== "opened") throw refusal(taskId, said);
      } catch (error) {
        leave();
        waiting.get(id)?.met(null);
        throw error;
      }
      let isOpen = true;
      const close = (): void => {
        if (!isOpen) return;
        isOpen = false;
        leave();
        waiting.get(id)?.met(null);
        void note(taskId, `The terminal of ${actor} was closed.`);
      };
      return { id, runner, close };
    },
    meet(taskId, id, runner) {
      const found = waiting.get(id);
      if (found?.taskId !== taskId) return false;
      found.met(runner);
      return true;
    },
  };
}

/** Of each task only so many at once: a place, to be left again. */
function createPlaces(): (taskId: string) => () => void {
  const open = new Map<string, number>();
  return (taskId) => {
    const count = open.get(taskId) ?? 0;
    if (count >= MOST_A_TASK) {
      throw new AgencyError("conflict", `${MOST_A_TASK} terminals are open in task ${taskId} already.`, {
        next: "Close one of them first.",
      });
    }
    open.set(taskId, count + 1);
    return () => {
      const left = (open.get(taskId) ?? 1) - 1;
      if (left > 0) open.set(taskId, left);
      else open.delete(taskId);
    };
  };
}

function refusal(taskId: string, why: "not_found" | "not_running" | "over"): AgencyError {
  switch (why) {
    case "not_found":
      return new AgencyError("not_found", `There is no task ${taskId}.`, {
        next: "See the list with `agency ls`.",
      });
    case "not_running":
      return new AgencyError("conflict", `Task ${taskId} has no sandbox yet.`, {
        next: "Try again when it runs.",
      });
    case "over":
      return new AgencyError("task_finished", `Task ${taskId} is over and its sandbox was not kept.`, {
        next: `Run it with --keep 2h to look around afterwards; \`agency files ${taskId}\` shows what was stored.`,
      });
  }
}

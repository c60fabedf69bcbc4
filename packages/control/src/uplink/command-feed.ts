import type { RunnerCommand } from "@agency/contract";
import type { AttemptAccess, AttemptStore, Bus } from "@agency/core";
import { createWakeups } from "../events/wakeups.ts";

const PING_MS = 5_000;

export interface CommandFeedDeps {
  attempts: AttemptStore;
  bus: Bus;
  now: () => number;
  /** Waits, or returns early when the signal aborts. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export type CommandFeed = (
  access: AttemptAccess,
  afterId: string | null,
  signal: AbortSignal,
) => AsyncGenerator<RunnerCommand | { kind: "ping" } | { kind: "fenced" }>;

/**
 * The runner's ear: every command in order, a ping while there is none, `fenced` once the attempt is over.
 * A ping doubles as proof of life in both directions.
 */
export function createCommandFeed(deps: CommandFeedDeps): CommandFeed {
  const wakeups = createWakeups(deps.bus, "ctl");
  return async function* feed(access, afterId, signal) {
    let after = afterId;
    const wake = wakeups.listen(access.taskId);
    try {
      yield { kind: "ping" };
      while (!signal.aborted) {
        const woken = wake.next();
        const commands = await deps.attempts.commandsAfter(access.taskId, after);
        for (const command of commands) {
          yield command;
          after = command.id;
        }
        if (commands.length > 0) continue;
        const current = await deps.attempts.find(access.attemptId);
        if (current === null || (!current.live && !current.kept) || current.epoch !== current.taskEpoch)
          return yield { kind: "fenced" };
        await deps.attempts.touch(access.attemptId, deps.now());
        await waitFor(woken, deps.sleep, signal);
        yield { kind: "ping" };
      }
    } finally {
      wake.close();
    }
  };
}

async function waitFor(
  woken: Promise<void>,
  sleep: CommandFeedDeps["sleep"],
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  await Promise.race([woken, sleep(PING_MS, AbortSignal.any([signal, stop.signal]))]);
  stop.abort();
}

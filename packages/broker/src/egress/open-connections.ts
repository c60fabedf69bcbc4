import type { Socket } from "node:net";
import type { AttemptCaller, Clock, Logger } from "@agency/core";
import { attemptKey } from "../reports/attempt-reports.ts";
import { judgeClosed, judgeTarget } from "./judge-target.ts";
import type { NetworkPolicy } from "./judge-target.ts";
import { addressTarget } from "./target.ts";
import type { Target } from "./target.ts";

export interface OpenConnection {
  readonly caller: AttemptCaller;
  readonly target: Target;
  /** What was dialled. */
  readonly address: string;
  readonly socket: Socket;
  cut(why: string): void;
}

export interface OpenConnections {
  /** To be asked before the rules of a connection are read, and given to `add` once it is made. */
  revision(): number;
  add(connection: OpenConnection, since: number): void;
  judgeAgain(accountId: string | null): Promise<void>;
  close(): void;
}

interface Deps {
  policyOf(caller: AttemptCaller): Promise<NetworkPolicy | null>;
  clock: Clock;
  logger: Logger;
}

/** A database that is away for a moment cuts nobody off; one that stays away leaves nothing open that may be closed. */
const TRIES = 5;
const TRY_AGAIN_MS = 1_000;
const MOST_WAIT_MS = 1_000;
const UNJUDGED = "Cut: the rules of the network changed, and could not be read.";

/** Connections that were allowed by rules that can change while they are open. */
export function createOpenConnections({ policyOf, clock, logger }: Deps): OpenConnections {
  const open = new Set<OpenConnection>();
  let changes = 0;

  /** A database that hangs answers nothing, not even an error. */
  async function policyInTime(caller: AttemptCaller): Promise<NetworkPolicy | null> {
    const answered = new AbortController();
    const late = clock.sleep(MOST_WAIT_MS, answered.signal).then(() => {
      throw new Error(`the rules were not read within ${MOST_WAIT_MS} ms`);
    });
    try {
      return await Promise.race([policyOf(caller), late]);
    } finally {
      answered.abort();
    }
  }

  async function judge(caller: AttemptCaller, connections: readonly OpenConnection[]): Promise<void> {
    for (let tries = 1; connections.some((one) => open.has(one)); tries += 1) {
      try {
        const policy = await policyInTime(caller);
        // An attempt that is over is the fence's to cut.
        if (policy !== null) for (const one of connections) cutIfClosed(one, policy);
        return;
      } catch (error) {
        if (tries < TRIES) await clock.sleep(TRY_AGAIN_MS);
        else {
          logger.error({ err: error, taskId: caller.taskId }, "open connections could not be judged anew");
          for (const one of connections) one.cut(UNJUDGED);
          return;
        }
      }
    }
  }

  return {
    revision: () => changes,
    add(connection, since) {
      open.add(connection);
      connection.socket.once("close", () => open.delete(connection));
      // The rules changed while it was dialled.
      if (since !== changes) void judge(connection.caller, [connection]);
    },
    async judgeAgain(accountId) {
      changes += 1;
      const mine = [...open].filter(({ caller }) => accountId === null || caller.accountId === accountId);
      const attempts = Map.groupBy(mine, ({ caller }) => attemptKey(caller));
      await Promise.all(
        [...attempts.values()].map(async (connections) => {
          const [first] = connections;
          if (first !== undefined) await judge(first.caller, connections);
        }),
      );
    },
    close() {
      for (const { socket } of open) socket.destroy();
    },
  };
}

function cutIfClosed({ target, address, cut }: OpenConnection, policy: NetworkPolicy): void {
  const refusal = judgeTarget(target, policy) ?? judgeClosed(addressTarget(address, target), policy, target);
  if (refusal !== null) cut(`Cut: ${refusal.message}`);
}

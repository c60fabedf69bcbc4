import type { Logger, ModelCall, ModelCaller, ModelGate } from "@agency/core";

export interface CallLedger {
  /** Never rejects: a call that could not be recorded is owed. */
  record(caller: ModelCaller, call: ModelCall): Promise<void>;
  /** Records what the task still owes; false when that fails again. Asked before the task makes another call. */
  settle(caller: ModelCaller): Promise<boolean>;
}

/** No call goes uncounted because the database was away for a moment: the task waits until it is counted. */
export function createCallLedger(gate: ModelGate, logger: Logger): CallLedger {
  const owed = new Map<string, Map<string, () => Promise<boolean>>>();

  async function tryRecord(caller: ModelCaller, call: ModelCall): Promise<boolean> {
    const { taskId, epoch } = caller;
    try {
      await gate.record(caller, call);
      forget(taskId, call.key);
      return true;
    } catch (error) {
      const calls = owed.get(taskId) ?? new Map<string, () => Promise<boolean>>();
      owed.set(
        taskId,
        calls.set(call.key, () => tryRecord(caller, call)),
      );
      const cause = error instanceof Error ? error.message : "unknown";
      logger.error(
        { taskId, epoch, call, cause },
        "A model call was not recorded; the task makes none until it is.",
      );
      return false;
    }
  }

  function forget(taskId: string, key: string): void {
    const calls = owed.get(taskId);
    calls?.delete(key);
    if (calls?.size === 0) owed.delete(taskId);
  }

  return {
    async record(caller, call) {
      await tryRecord(caller, call);
    },
    async settle(caller) {
      const calls = owed.get(caller.taskId);
      if (calls === undefined) return true;
      const recorded = await Promise.all(Array.from(calls.values(), (retry) => retry()));
      return recorded.every(Boolean);
    },
  };
}

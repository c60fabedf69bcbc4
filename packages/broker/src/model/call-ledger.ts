import type { Logger, ModelCall, ModelCaller, ModelGate } from "@agency/core";

export interface CallLedger {
  /** Records what an admitted call used and settles it. Never rejects: what could not be done is owed. */
  close(caller: ModelCaller, reservation: string, calls: readonly ModelCall[]): Promise<void>;
  /** Does what the task still owes; false when that fails again. Asked before the task makes another call. */
  clear(caller: ModelCaller): Promise<boolean>;
}

interface Debt {
  /** What is still to be recorded before the reservation is settled. */
  calls: readonly ModelCall[];
  /** While it is being paid: whoever else asks waits for the same attempt. */
  paying: Promise<boolean> | null;
}

/** No call goes uncounted because the database was away for a moment: the task waits until it is counted. */
export function createCallLedger(gate: ModelGate, logger: Logger): CallLedger {
  const owed = new Map<string, Map<string, Debt>>();

  function pay(caller: ModelCaller, reservation: string, debt: Debt): Promise<boolean> {
    debt.paying ??= tryPay(caller, reservation, debt).finally(() => (debt.paying = null));
    return debt.paying;
  }

  async function tryPay(caller: ModelCaller, reservation: string, debt: Debt): Promise<boolean> {
    const { taskId, epoch } = caller;
    try {
      for (let call = debt.calls[0]; call !== undefined; call = debt.calls[0]) {
        await gate.record(caller, call);
        debt.calls = debt.calls.slice(1);
      }
      // Only now: money that is set free before it is counted as spent could be spent twice.
      await gate.settle(caller, reservation);
    } catch (error) {
      const cause = error instanceof Error ? error.message : "unknown";
      logger.error(
        { taskId, epoch, calls: debt.calls, cause },
        "A model call was not recorded and settled; the task makes none until it is.",
      );
      return false;
    }
    const debts = owed.get(taskId);
    debts?.delete(reservation);
    if (debts?.size === 0) owed.delete(taskId);
    return true;
  }

  return {
    async close(caller, reservation, calls) {
      const debt: Debt = { calls, paying: null };
      if (await pay(caller, reservation, debt)) return;
      const debts = owed.get(caller.taskId) ?? new Map<string, Debt>();
      owed.set(caller.taskId, debts.set(reservation, debt));
    },
    async clear(caller) {
      const debts = owed.get(caller.taskId);
      if (debts === undefined) return true;
      const paid = await Promise.all(
        Array.from(debts, ([reservation, debt]) => pay(caller, reservation, debt)),
      );
      return paid.every(Boolean);
    },
  };
}

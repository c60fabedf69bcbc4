import type { CostStore } from "@agency/core";
import type { Database } from "../database.ts";
import { readAccountBudget, waitingForBudget, writeAccountCaps } from "./account-budget.ts";
import { chargeTime } from "./charge.ts";
import { recordCall } from "./record.ts";
import { leftBefore, release, reserve } from "./reserve.ts";

export function createCostStore(db: Database): CostStore {
  return {
    reserve: (reservation) => reserve(db, reservation),
    release: (reservationId) => release(db, reservationId),
    leftBefore: (cutoff, limit) => leftBefore(db, cutoff, limit),
    record: (call) => recordCall(db, call),
    charge: (charge) => chargeTime(db, charge),
    accountBudget: (accountId, now) => readAccountBudget(db, accountId, now),
    setAccountBudget: (accountId, caps) => writeAccountCaps(db, accountId, caps),
    waitingForBudget: (accountId) => waitingForBudget(db, accountId),
  };
}

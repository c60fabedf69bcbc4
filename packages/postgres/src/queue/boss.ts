import type { Tx } from "@agency/core";
import { PgBoss } from "pg-boss";
import type { Db, QueueOptions } from "pg-boss";
import type { Sql } from "../database.ts";

export const QUEUE = "task";

export interface LeaseTimes {
  /** A claim not touched for this long is taken from its holder. At least 10: the library's floor. */
  heartbeatSeconds: number;
  /** How often lost claims are looked for. */
  monitorSeconds: number;
}

/** A dead worker's job is fetched by another after 15 s + 5 s + one poll of the dispatcher: about 22 s. */
export const LEASE_TIMES: LeaseTimes = { heartbeatSeconds: 15, monitorSeconds: 5 };

const DAY_S = 86_400;

/** `short`: of one task at most one job waits. A job never fails by itself; the task's own rules end it. */
export const POLICY = "short";
export const QUEUE_OPTIONS = {
  expireInSeconds: DAY_S,
  retentionSeconds: 3_650 * DAY_S,
  deleteAfterSeconds: 3_600,
  retryLimit: 1_000_000,
  retryDelay: 0,
} satisfies QueueOptions;

export function createBoss(sql: Sql, times: LeaseTimes): PgBoss {
  return new PgBoss({
    db: bossDb(sql),
    schedule: false,
    superviseIntervalSeconds: times.monitorSeconds,
    monitorIntervalSeconds: times.monitorSeconds,
  });
}

/** Lets the library speak inside one of our transactions. */
export function bossDb(tx: Tx): Db {
  const sql = asSql(tx);
  return { executeSql: (text, values) => sql.query(text, values ?? []) };
}

export function asSql(tx: Tx): Sql {
  if (isSql(tx)) return tx;
  throw new TypeError("this transaction was not made by the PostgreSQL adapter");
}

function isSql(tx: Tx): tx is Sql {
  return "query" in tx && typeof tx.query === "function";
}

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
    // Its upkeep is rare and its texts are many: not worth a plan each.
    db: { executeSql: (text, values) => sql.query(text, values ?? []) },
    schedule: false,
    superviseIntervalSeconds: times.monitorSeconds,
    monitorIntervalSeconds: times.monitorSeconds,
  });
}

/** Lets the library speak inside one of our transactions, or for one of a job's hot steps. */
export function bossDb(tx: Tx): Db {
  const sql = asSql(tx);
  return { executeSql: (text, values) => sql.query(text, values ?? [], nameOf(text)) };
}

/** Far more than the texts that sending, fetching and settling have. */
const MAX_NAMED = 32;
const names = new Map<string, string>();

/** Planned once a connection: planning took 1 to 2 ms of each of these statements, running them 0.2 ms. */
function nameOf(text: string): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size === MAX_NAMED) return known;
  const name = `queue ${names.size + 1}`;
  names.set(text, name);
  return name;
}

export function asSql(tx: Tx): Sql {
  if (isSql(tx)) return tx;
  throw new TypeError("this transaction was not made by the PostgreSQL adapter");
}

function isSql(tx: Tx): tx is Sql {
  return "query" in tx && typeof tx.query === "function";
}

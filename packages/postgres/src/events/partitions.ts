import type { Database, Sql } from "../database.ts";
import { LOCKS } from "../locks.ts";

const WEEK_MS = 7 * 86_400_000;
const WEEKS_AHEAD = 4;

/** Makes this week's partition of `events` and the next four; returns the new ones. Safe to repeat and to race. */
export async function ensurePartitions(db: Database, now: number): Promise<string[]> {
  const first = Math.floor(now / WEEK_MS);
  const weeks = Array.from({ length: WEEKS_AHEAD + 1 }, (_, ahead) => (first + ahead) * WEEK_MS);
  const { rows } = await db.query<{ name: string }>(
    "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass",
  );
  const present = new Set(rows.map((row) => row.name));
  const missing = weeks.filter((at) => !present.has(partitionName(at)));
  const made: string[] = [];
  for (const at of missing) {
    if (await db.tx((tx) => makePartition(tx, at))) made.push(partitionName(at));
  }
  return made;
}

/**
 * Attached, not created in place: that takes no lock that events being written would wait for, but on the
 * default partition. Events of the week that landed there meanwhile (no server ran for a month) move along.
 */
async function makePartition(tx: Sql, at: number): Promise<boolean> {
  const name = partitionName(at);
  await tx.query("select pg_advisory_xact_lock($1)", [LOCKS.partitions]);
  const { rows } = await tx.query<{ taken: boolean }>("select to_regclass($1) is not null as taken", [name]);
  if (rows[0]?.taken === true) return false;
  const [from, to] = [lowestId(at), lowestId(at + WEEK_MS)];
  await tx.query(`create table ${name} (like events including defaults including storage)`);
  await tx.query("lock table events_default in access exclusive mode");
  await tx.query(
    `with moved as (delete from events_default where task_id >= '${from}' and task_id < '${to}' returning *)
     insert into ${name} select * from moved`,
  );
  await tx.query(`alter table events attach partition ${name} for values from ('${from}') to ('${to}')`);
  return true;
}

function partitionName(at: number): string {
  return `events_${new Date(at).toISOString().slice(0, 10).replaceAll("-", "_")}`;
}

/** The smallest UUIDv7 of an instant. */
function lowestId(at: number): string {
  const hex = at.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

import type { Sql } from "../database.ts";

const WEEK_MS = 7 * 86_400_000;
const WEEKS_AHEAD = 4;

/** Makes this week's partition of `events` and the next four. Safe to repeat and to race. */
export async function ensurePartitions(sql: Sql, now: number): Promise<string[]> {
  const made: string[] = [];
  const first = Math.floor(now / WEEK_MS);
  for (let week = first; week <= first + WEEKS_AHEAD; week += 1) {
    const name = `events_${new Date(week * WEEK_MS).toISOString().slice(0, 10).replaceAll("-", "_")}`;
    const { rows } = await sql.query<{ taken: boolean }>("select to_regclass($1) is not null as taken", [
      name,
    ]);
    if (rows[0]?.taken) continue;
    await sql.query(
      `create table if not exists ${name} partition of events
       for values from ('${lowestId(week * WEEK_MS)}') to ('${lowestId((week + 1) * WEEK_MS)}')`,
    );
    made.push(name);
  }
  return made;
}

/** The smallest UUIDv7 of an instant. */
function lowestId(at: number): string {
  const hex = at.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

import type { RetentionPart, RetentionStore, RetentionTimes } from "@agency/core";
import { addAuditRow } from "../audit/log.ts";
import type { Database } from "../database.ts";
import { lockTask } from "../tasks/select.ts";
import { EXPIRE } from "./expire.ts";

type Own = Partial<RetentionTimes>;

/** Somebody goes on from one of its checkpoints and has not ended. */
const NEEDED = `
  exists (select from tasks c where c.spec -> 'resume' ->> 'taskId' = t.id::text
    and c.finished_at is null and c.spec -> 'resume' <> 'null')`;

/** Written out, so that each meets its own partial index. */
const DUE: Record<RetentionPart, string> = {
  events: due("not ('events' = any (swept))"),
  artifacts: due("not ('artifacts' = any (swept))"),
  checkpoints: due(`not ('checkpoints' = any (swept)) and not ${NEEDED}`),
};

function due(condition: string): string {
  return `select id from tasks t
    where account_id = $1 and finished_at < $2 and finished_at is not null and ${condition}
    order by finished_at limit $3`;
}

export function createRetentionStore(db: Database): RetentionStore {
  return {
    async own(accountId) {
      const { rows } = await db.query<{ retention: Own }>("select retention from accounts where id = $1", [
        accountId,
      ]);
      return rows[0]?.retention ?? {};
    },
    change: (accountId, times, audit) =>
      db.tx(async (tx) => {
        await tx.query("update accounts set retention = retention || $2 where id = $1", [
          accountId,
          JSON.stringify(times),
        ]);
        await addAuditRow(tx, audit);
      }),
    async accounts() {
      const { rows } = await db.query<{ id: string; own: Own }>("select id, retention as own from accounts");
      return rows;
    },
    async due(accountId, part, before, limit) {
      const { rows } = await db.query<{ id: string }>(DUE[part], [accountId, new Date(before), limit]);
      return rows.map(({ id }) => id);
    },
    expire: (taskId, part, now) => expire(db, taskId, part, now),
  };
}

/** The lock is the one a task that is to go on from this one takes when it is created. */
function expire(db: Database, taskId: string, part: RetentionPart, now: number): Promise<boolean> {
  return db.tx(async (tx) => {
    const row = await lockTask(tx, taskId);
    if (row === null || row.finished_at === null) return false;
    if (part === "checkpoints" && (await isNeeded(tx, taskId))) return false;
    const gone = await EXPIRE[part](tx, taskId, new Date(now));
    const shown = gone ? { [part]: new Date(now).toISOString() } : {};
    await tx.query(
      "update tasks set swept = array_append(swept, $2), expired = expired || $3 where id = $1 and not ($2 = any (swept))",
      [taskId, part, JSON.stringify(shown)],
    );
    return gone;
  });
}

async function isNeeded(tx: Pick<Database, "query">, taskId: string): Promise<boolean> {
  const { rowCount } = await tx.query(`select from tasks t where id = $1 and ${NEEDED}`, [taskId]);
  return rowCount === 1;
}

import type { Removal, RemovalStore, SandboxRecord } from "@agency/core";
import type { Database } from "../database.ts";

export function createRemovalStore(db: Database): RemovalStore {
  return {
    async take(forMs) {
      const { rows } = await db.query<{
        task_id: string;
        part: Removal["part"];
        sandboxes: SandboxRecord[];
      }>(
        `update removals set due_at = now() + $1 * interval '1 millisecond'
         where (task_id, part) = (
           select task_id, part from removals where due_at <= now() order by due_at limit 1 for update skip locked)
         returning task_id, part, sandboxes`,
        [forMs],
      );
      const [row] = rows;
      return row === undefined ? null : { taskId: row.task_id, part: row.part, sandboxes: row.sandboxes };
    },
    async removeEvents(taskId, limit) {
      const { rowCount } = await db.query(
        `delete from events e using (select min(seq) as first from events where task_id = $1) low
         where e.task_id = $1 and e.seq < low.first + $2`,
        [taskId, limit],
      );
      return rowCount ?? 0;
    },
    async done({ taskId, part }) {
      await db.query("delete from removals where task_id = $1 and part = $2", [taskId, part]);
    },
  };
}

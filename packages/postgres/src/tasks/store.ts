import { isTerminal } from "@agency/core";
import type { MessageOutcome, Queue, TaskStore } from "@agency/core";
import type { Database } from "../database.ts";
import { appendOrFail } from "../events/append.ts";
import { applyCommand } from "./apply.ts";
import { stateCounts } from "../overview/counts.ts";
import { countKept, keepTask } from "../attempts/kept.ts";
import { changeTaskLimits } from "./change-limits.ts";
import { createTaskRow, replayTask } from "./create.ts";
import { deleteTask } from "./delete.ts";
import { listTaskRows } from "./list.ts";
import { lockTask, selectTask } from "./select.ts";
import { toSupervisedTask } from "./row.ts";
import { noteTerminal, openTerminal } from "./terminals.ts";
import { toTask } from "./view.ts";

export function createTaskStore(db: Database, queue: Queue): TaskStore {
  return {
    create: (task, idempotency) => createTaskRow(db, queue, task, idempotency),
    replay: (accountId, idempotency) => replayTask(db, accountId, idempotency),
    async get(accountId, id) {
      const row = await selectTask(db, id, accountId);
      return row === null ? null : toTask(row);
    },
    list: (accountId, query) => listTaskRows(db, accountId, query),
    countByState: () => stateCounts(db, null),
    apply: (id, command, now) => applyCommand(db, queue, id, command, now),
    async load(id) {
      const row = await selectTask(db, id);
      return row === null ? null : toSupervisedTask(row);
    },
    addMessage: (accountId, id, message) => addMessage(db, accountId, id, message),
    changeLimits: (accountId, id, change, by, now) =>
      changeTaskLimits(db, queue, { accountId, id, by, now }, change),
    async dueIds(now, limit) {
      const { rows } = await db.query<{ id: string }>(
        "select id from tasks where state = 'scheduled' and not_before <= $1 order by not_before limit $2",
        [new Date(now), limit],
      );
      return rows.map((row) => row.id);
    },
    async setActivity(activities) {
      await db.query(
        `update tasks t set activity = n.activity
         from unnest($1::uuid[], $2::text[]) n (id, activity)
         where t.id = n.id and t.finished_at is null`,
        [[...activities.keys()], [...activities.values()]],
      );
    },
    async setResult(id, epoch, result) {
      await db.query("update tasks set result = $3 where id = $1 and epoch = $2", [
        id,
        epoch,
        JSON.stringify(result),
      ]);
    },
    keep: (...given) => keepTask(db, ...given),
    keptCount: (accountId) => countKept(db, accountId),
    async discardSandbox(id) {
      await db.query(
        `update sandboxes set discard = true
         where attempt_id = (select id from attempts where task_id = $1 order by epoch desc limit 1)
           and exists (select from tasks where id = $1 and finished_at is not null)`,
        [id],
      );
    },
    openTerminal: (...given) => openTerminal(db, ...given),
    noteTerminal: (id, text, now) => noteTerminal(db, id, text, now),
    delete: (accountId, id, audit) => deleteTask(db, accountId, id, audit),
  };
}

async function addMessage(
  db: Database,
  accountId: string,
  id: string,
  message: { id: string; text: string; mode: "steer" | "next_turn" },
): Promise<MessageOutcome> {
  return db.tx(async (tx) => {
    const row = await lockTask(tx, id);
    if (row === null || row.account_id !== accountId || row.hidden) return "not_found";
    if (isTerminal(row.state) || row.state === "finishing" || row.desired === "cancel") return "finished";
    const { text, mode } = message;
    await tx.query(
      "insert into commands (id, task_id, account_id, kind, body) values ($1, $2, $3, 'say', $4)",
      [message.id, id, accountId, JSON.stringify({ text, mode })],
    );
    const event = {
      type: "message" as const,
      data: { id: message.id, text, mode },
      at: new Date().toISOString(),
    };
    await appendOrFail(tx, { taskId: id, epoch: row.epoch, from: null, events: [event] });
    await tx.query("select pg_notify('ctl', $1)", [id]);
    return "sent";
  });
}

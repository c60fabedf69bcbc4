import { isTerminal } from "@agency/core";
import type { TaskCommand } from "@agency/core";
import type { Sql } from "../database.ts";
import type { TaskRow } from "./row.ts";

/** A runner that never saw its ask acknowledged asks again, perhaps after the answer: an ask is asked once. */
export async function wasAsked(tx: Sql, row: TaskRow, command: TaskCommand): Promise<boolean> {
  if (command.kind !== "ask" || command.epoch !== row.epoch || isTerminal(row.state)) return false;
  const { rowCount } = await tx.query("select from asks where task_id = $1 and id = $2", [
    row.id,
    command.ask.id,
  ]);
  return rowCount === 1;
}

export async function keepAsk(tx: Sql, row: TaskRow, command: TaskCommand, now: number): Promise<void> {
  if (command.kind === "ask" || command.kind === "withdraw") await countBytes(tx, row, command);
  if (command.kind === "ask") {
    await tx.query(
      `insert into asks (task_id, id, account_id, epoch, body, asked_at) values ($1, $2, $3, $4, $5, $6)`,
      [row.id, command.ask.id, row.account_id, row.epoch, JSON.stringify(command.ask), new Date(now)],
    );
  }
  if (command.kind === "withdraw") {
    // One that was withdrawn before it came is written down as well, so that it is never asked.
    await tx.query(
      `insert into asks (task_id, id, account_id, epoch, body, asked_at, answered_at) values ($1, $2, $3, $4, '{}', $5, $5)
       on conflict (task_id, id) do update set answered_at = coalesce(asks.answered_at, excluded.answered_at)`,
      [row.id, command.askId, row.account_id, row.epoch, new Date(now)],
    );
  }
  if (command.kind === "answer") {
    await tx.query("update asks set answered_at = $3, answered_by = $4 where task_id = $1 and id = $2", [
      row.id,
      command.askId,
      new Date(now),
      command.by,
    ]);
  }
}

/** Beside the text itself: the row, the events and the commands that go with it. */
const AROUND_BYTES = 1_024;

/** Asking and giving up without end is output like any other, and has the same limit. */
async function countBytes(tx: Sql, row: TaskRow, command: TaskCommand): Promise<void> {
  const bytes = Buffer.byteLength(JSON.stringify(command)) + AROUND_BYTES;
  await tx.query("update task_heads set bytes = bytes + $2 where task_id = $1", [row.id, bytes]);
}

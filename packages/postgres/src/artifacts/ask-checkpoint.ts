import { isTerminal } from "@agency/core";
import type { Database } from "../database.ts";
import { wake } from "../tasks/apply.ts";
import { lockTask } from "../tasks/select.ts";

export function askCheckpoint(
  db: Database,
  taskId: string,
  { id, label }: { id: string; label: string | null },
): Promise<"asked" | "missing" | "not_running" | "finished"> {
  return db.tx(async (tx) => {
    const row = await lockTask(tx, taskId);
    if (row === null) return "missing";
    if (isTerminal(row.state) || row.state === "finishing" || row.desired === "cancel") return "finished";
    if (row.state !== "running" && row.state !== "waiting") return "not_running";
    await tx.query(
      "insert into commands (id, task_id, account_id, kind, body) values ($1, $2, $3, 'checkpoint', $4)",
      [id, taskId, row.account_id, JSON.stringify({ label })],
    );
    await wake(tx, taskId);
    return "asked";
  });
}

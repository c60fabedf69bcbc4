import { MAX_WAIT_MS, MAX_WALL_MS } from "@agency/contract";
import type { KeepOutcome, SandboxRecord, TaskStore } from "@agency/core";
import { isTerminal } from "@agency/core";
import type { Database, Sql } from "../database.ts";
import { wake } from "../tasks/apply.ts";
import { isKept } from "../tasks/row.ts";
import { lockTask, selectTask } from "../tasks/select.ts";
import type { TaskRow } from "../tasks/row.ts";
import { toTask } from "../tasks/view.ts";

const STANDING = "s.kept_until is not null and s.state not in ('deleted', 'discarded')";
/** Providers end every sandbox in the end, whatever is wanted of it. */
const LONGEST_LIFE_MS = MAX_WALL_MS + MAX_WAIT_MS;

export const SANDBOX_COLUMNS =
  "s.id, s.task_id, s.provider, s.generation, s.state, s.ref, s.kept_until, s.discard";

export interface SandboxRow extends Omit<SandboxRecord, "taskId" | "keptUntil"> {
  task_id: string;
  kept_until: Date | null;
}

export function toSandboxRecord({ task_id, kept_until, ...rest }: SandboxRow): SandboxRecord {
  return { ...rest, taskId: task_id, keptUntil: kept_until?.getTime() ?? null };
}

/** The account's row is locked first: two tasks that end together are counted one after the other. */
export function keepSandbox(db: Database, id: string, until: number, most: number): Promise<boolean> {
  return db.tx(async (tx) => {
    const { rows } = await tx.query<{ id: string; begun: Date }>(
      `select a.id, s.created_at as begun from accounts a join sandboxes s on s.account_id = a.id where s.id = $1
       for update of a`,
      [id],
    );
    const [account] = rows;
    if (account === undefined) return false;
    const { rowCount } = await tx.query(
      `update sandboxes set kept_until = coalesce(kept_until, $2)
       where id = $1 and state not in ('deleting', 'deleted', 'discarded') and (kept_until is not null or (
         select count(*) from sandboxes s where s.account_id = $3 and ${STANDING}) < $4)`,
      [id, new Date(Math.min(until, account.begun.getTime() + LONGEST_LIFE_MS)), account.id, most],
    );
    return rowCount === 1;
  });
}

export async function keptTooLong(sql: Sql, provider: string): Promise<SandboxRecord[]> {
  const { rows } = await sql.query<SandboxRow>(
    `select ${SANDBOX_COLUMNS} from sandboxes s
     where s.provider = $1 and ${STANDING} and s.kept_until <= now() order by s.kept_until limit 100`,
    [provider],
  );
  return rows.map(toSandboxRecord);
}

/** Promised ones count, too: a task must not find out at its end that there is no room. */
export async function countKept(sql: Sql, accountId: string): Promise<number> {
  const { rows } = await sql.query<{ count: number }>(
    `select (select count(*) from sandboxes s where s.account_id = $1 and ${STANDING})::int
       + (select count(*) from tasks where account_id = $1 and finished_at is null and spec -> 'keepMs' <> 'null')::int
       as count`,
    [accountId],
  );
  return rows[0]?.count ?? 0;
}

type KeepArguments = Parameters<TaskStore["keep"]>;

export function keepTask(db: Database, ...given: KeepArguments): Promise<KeepOutcome> {
  const [accountId, id, change, now, most] = given;
  return db.tx(async (tx) => {
    const row = await lockTask(tx, id);
    if (row === null || row.account_id !== accountId || row.hidden) return { kind: "not_found" };
    const over = isTerminal(row.state);
    if (over && !isKept(row)) return { kind: "gone" };
    const changed = change(over ? keptFor(row, now) : (row.spec.keepMs ?? 0));
    if (typeof changed !== "number" && changed !== null) return { kind: "invalid", ...changed };
    if (over) await setKeptUntil(tx, row, changed === null ? null : now + changed);
    else if (!(await promise(tx, row, changed, most))) return { kind: "full" };
    await wake(tx, id);
    const written = await selectTask(tx, id);
    return written === null ? { kind: "not_found" } : { kind: "kept", task: toTask(written) };
  });
}

/** The account's row is locked as by `keepSandbox`: two that are promised at once are counted one after the other. */
async function promise(tx: Sql, row: TaskRow, keepMs: number | null, most: number): Promise<boolean> {
  if (keepMs !== null && row.spec.keepMs === null) {
    await tx.query("select from accounts where id = $1 for no key update", [row.account_id]);
    if ((await countKept(tx, row.account_id)) >= most) return false;
  }
  await setKeepMs(tx, row.id, keepMs);
  return true;
}

function keptFor(row: TaskRow, now: number): number {
  return Math.max(0, (row.sandbox_kept_until?.getTime() ?? now) - now);
}

async function setKeepMs(tx: Sql, id: string, keepMs: number | null): Promise<void> {
  await tx.query("update tasks set spec = spec || jsonb_build_object('keepMs', $2::bigint) where id = $1", [
    id,
    keepMs,
  ]);
}

async function setKeptUntil(tx: Sql, row: TaskRow, until: number | null): Promise<void> {
  const begun = row.attempt_created_at?.getTime() ?? 0;
  await tx.query("update sandboxes set kept_until = $2 where id = $1", [
    row.sandbox_id,
    until === null ? null : new Date(Math.min(until, begun + LONGEST_LIFE_MS)),
  ]);
}

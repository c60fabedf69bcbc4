import { AgencyError } from "@agency/contract";
import type { ListTasks, Task } from "@agency/contract";
import type { Sql } from "../database.ts";
import { TASK_COLUMNS, TASK_JOINS } from "./row.ts";
import type { TaskRow } from "./row.ts";
import { toTask } from "./view.ts";

export async function listTaskRows(
  sql: Sql,
  accountId: string,
  query: ListTasks,
): Promise<{ tasks: Task[]; nextCursor: string | null }> {
  const { where, values } = conditions(accountId, query);
  // The page is cut on the bare table first: the joins then cost 50 look-ups, not one per task ever made.
  const { rows } = await sql.query<TaskRow>(
    `with page as materialized (
       select * from tasks t where ${where.join(" and ")} order by t.created_at desc, t.id desc limit ${query.limit + 1}
     )
     select ${TASK_COLUMNS} from page t ${TASK_JOINS} order by t.created_at desc, t.id desc`,
    values,
  );
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  return { tasks: page.map(toTask), nextCursor: last === undefined ? null : encodeCursor(last) };
}

function conditions(accountId: string, query: ListTasks): { where: string[]; values: unknown[] } {
  const values: unknown[] = [accountId];
  const where = ["t.account_id = $1", "not t.hidden"];
  const add = (condition: (parameter: string) => string, value: unknown) => {
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  if (query.state) add((p) => `t.state = any(${p})`, query.state);
  if (query.engine !== undefined) add((p) => `t.engine = ${p}`, query.engine);
  if (query.provider !== undefined) add((p) => `t.provider = ${p}`, query.provider);
  if (query.parentId !== undefined) add((p) => `t.parent_id = ${p}`, query.parentId);
  if (query.label !== undefined) add((p) => `t.labels @> ${p}::jsonb`, JSON.stringify(labelOf(query.label)));
  if (query.search !== undefined)
    add((p) => `(t.name ilike ${p} or t.prompt ilike ${p})`, `%${escapeLike(query.search)}%`);
  if (query.cursor !== undefined) {
    const { createdAt, id } = decodeCursor(query.cursor);
    values.push(createdAt, id);
    where.push(`(t.created_at, t.id) < ($${values.length - 1}, $${values.length})`);
  }
  return { where, values };
}

function labelOf(label: string): Record<string, string> {
  const at = label.indexOf("=");
  return { [label.slice(0, at)]: label.slice(at + 1) };
}

function escapeLike(text: string): string {
  return text
    .replaceAll("\0", "")
    .toWellFormed()
    .replaceAll(/[\\%_]/g, String.raw`\$&`);
}

function encodeCursor(row: TaskRow): string {
  return Buffer.from(`${row.created_at.getTime()} ${row.id}`).toString("base64url");
}

function decodeCursor(cursor: string): { createdAt: Date; id: string } {
  const [, millis, id] =
    /^(\d{1,14}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(
      Buffer.from(cursor, "base64url").toString(),
    ) ?? [];
  if (millis === undefined || id === undefined) {
    throw new AgencyError("invalid_request", "This cursor is not one of ours.", {
      next: "Start again without it.",
    });
  }
  return { createdAt: new Date(Number(millis)), id };
}

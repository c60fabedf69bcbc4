import { AgencyError } from "@agency/contract";
import type { FilterTasks, ListTasks, Task } from "@agency/contract";
import type { Sql } from "../database.ts";
import { plainText } from "../plain-text.ts";
import { TASK_COLUMNS, TASK_JOINS } from "./row.ts";
import type { TaskRow } from "./row.ts";
import { toTask } from "./view.ts";

type Sort = NonNullable<ListTasks["sort"]>;

/** Each ends with the id, so that no two tasks stand at the same place. */
const ORDERS: Readonly<Record<Sort, { by: string; value: string; type: string; after: "<" | ">" }>> = {
  newest: { by: "t.created_at desc, t.id desc", value: "t.created_at", type: "timestamptz", after: "<" },
  oldest: { by: "t.created_at, t.id", value: "t.created_at", type: "timestamptz", after: ">" },
  dearest: { by: "t.cost_usd desc, t.id desc", value: "t.cost_usd", type: "numeric", after: "<" },
};

export async function listTaskRows(
  sql: Sql,
  accountId: string,
  query: ListTasks,
): Promise<{ tasks: Task[]; nextCursor: string | null }> {
  const sort = query.sort ?? "newest";
  const { where, values } = taskConditions(accountId, query);
  const { by, value, type, after } = ORDERS[sort];
  if (query.cursor !== undefined) {
    const place = decodeCursor(query.cursor, sort);
    values.push(place.value, place.id);
    where.push(
      `(${value}, t.id) ${after} ($${values.length - 1}::text::${type}, $${values.length}::text::uuid)`,
    );
  }
  // The page is cut on the bare table first: the joins then cost 50 look-ups, not one per task ever made.
  const { rows } = await sql.query<TaskRow>(
    `with page as materialized (
       select * from tasks t where ${where.join(" and ")} order by ${by} limit ${query.limit + 1}
     )
     select ${TASK_COLUMNS} from page t ${TASK_JOINS} order by ${by}`,
    values,
  );
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  return { tasks: page.map(toTask), nextCursor: last === undefined ? null : encodeCursor(last, sort) };
}

export function taskConditions(
  accountId: string,
  query: FilterTasks,
): { where: string[]; values: unknown[] } {
  const values: unknown[] = [accountId];
  const where = ["t.account_id = $1", "not t.hidden"];
  const add = (value: unknown, condition: (parameter: string) => string) => {
    if (value === undefined || value === "") return;
    values.push(typeof value === "string" ? plainText(value) : value);
    where.push(condition(`$${values.length}`));
  };
  add(query.state, (p) => `t.state = any(${p})`);
  add(query.engine, (p) => `t.engine = ${p}`);
  add(query.provider, (p) => `t.provider = ${p}`);
  add(query.parentId, (p) => `t.parent_id = ${p}`);
  add(query.repository, (p) => `t.spec -> 'repository' ->> 'url' = ${p}`);
  add(query.createdAfter && new Date(query.createdAfter), (p) => `t.created_at >= ${p}`);
  add(query.createdBefore && new Date(query.createdBefore), (p) => `t.created_at < ${p}`);
  add(query.label && JSON.stringify(labelOf(plainText(query.label))), (p) => `t.labels @> ${p}::jsonb`);
  add(query.search && `%${escapeLike(query.search)}%`, (p) => `(t.name ilike ${p} or t.prompt ilike ${p})`);
  return { where, values };
}

function labelOf(label: string): Record<string, string> {
  const at = label.indexOf("=");
  return { [label.slice(0, at)]: label.slice(at + 1) };
}

function escapeLike(text: string): string {
  return plainText(text).replaceAll(/[\\%_]/g, String.raw`\$&`);
}

function encodeCursor(row: TaskRow, sort: Sort): string {
  const value = sort === "dearest" ? row.cost_usd : row.created_at.toISOString();
  return Buffer.from(`${sort} ${value} ${row.id}`).toString("base64url");
}

function decodeCursor(cursor: string, sort: Sort): { value: string; id: string } {
  const [, of, value, id] =
    /^([a-z]+) ([0-9T:.Z-]{1,30}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(
      Buffer.from(cursor, "base64url").toString(),
    ) ?? [];
  const fits = sort === "dearest" ? /^\d{1,14}(\.\d{1,6})?$/ : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
  if (of === sort && value !== undefined && id !== undefined && fits.test(value) && isDay(sort, value))
    return { value, id };
  throw new AgencyError("invalid_request", "This cursor is not one of ours, or of another sort.", {
    next: "Start again without it.",
  });
}

function isDay(sort: Sort, value: string): boolean {
  return sort === "dearest" || !Number.isNaN(Date.parse(value));
}

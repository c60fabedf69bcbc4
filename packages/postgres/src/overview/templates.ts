import type { SaveTemplateOutcome, TemplateRow, TemplateStore } from "@agency/core";
import { sqlState } from "../database-error.ts";
import type { Database } from "../database.ts";

const UNIQUE_VIOLATION = "23505";

export function createTemplateStore(db: Database): TemplateStore {
  return {
    async list(accountId) {
      const { rows } = await db.query<{
        id: string;
        name: string;
        task: TemplateRow["task"];
        updated_at: Date;
      }>("select id, name, task, updated_at from templates where account_id = $1 order by name, id", [
        accountId,
      ]);
      return rows.map(({ updated_at, ...row }) => ({ ...row, updatedAt: updated_at.getTime() }));
    },
    create: (accountId, template, most) =>
      named(async () => {
        const { rowCount } = await db.query(
          `insert into templates (id, account_id, name, task, updated_at)
           select $1, $2, $3, $4, $5 where (select count(*) from templates where account_id = $2) < $6`,
          [...valuesOf(accountId, template), most],
        );
        return rowCount === 1 ? "saved" : "too_many";
      }),
    replace: (accountId, template) =>
      named(async () => {
        const { rowCount } = await db.query(
          "update templates set name = $3, task = $4, updated_at = $5 where id = $1 and account_id = $2",
          valuesOf(accountId, template),
        );
        return rowCount === 1 ? "saved" : "not_found";
      }),
    async remove(accountId, id) {
      const { rowCount } = await db.query("delete from templates where id = $1 and account_id = $2", [
        id,
        accountId,
      ]);
      return rowCount === 1;
    },
  };
}

function valuesOf(accountId: string, { id, name, task, updatedAt }: TemplateRow): unknown[] {
  return [id, accountId, name, JSON.stringify(task), new Date(updatedAt)];
}

async function named(save: () => Promise<SaveTemplateOutcome>): Promise<SaveTemplateOutcome> {
  try {
    return await save();
  } catch (error) {
    if (sqlState(error) === UNIQUE_VIOLATION) return "name_taken";
    throw error;
  }
}

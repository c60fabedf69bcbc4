import { AgencyError } from "@agency/contract";
import type { AuditLog, AuditRow } from "@agency/core";
import type { Database, Sql } from "../database.ts";

interface Row {
  id: string;
  account_id: string;
  actor: string;
  action: string;
  target: string;
  detail: Record<string, string>;
  at: Date;
  ord: number;
}

export function createAuditLog(db: Database): AuditLog {
  return {
    add: (row) => addAuditRow(db, row),
    list: (accountId, page) => list(db, accountId, page),
  };
}

export async function addAuditRow(sql: Sql, row: AuditRow): Promise<void> {
  await sql.query(
    `insert into audit_log (id, account_id, actor, action, target, detail, at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [row.id, row.accountId, row.actor, row.action, row.target, JSON.stringify(row.detail), new Date(row.at)],
  );
}

async function list(
  sql: Sql,
  accountId: string,
  { cursor, limit }: { cursor: string | null; limit: number },
): Promise<{ entries: AuditRow[]; nextCursor: string | null }> {
  const { rows } = await sql.query<Row>(
    `select id, account_id, actor, action, target, detail, at, ord from audit_log
     where account_id = $1 and ($2::bigint is null or ord < $2)
     order by ord desc limit $3`,
    [accountId, cursor === null ? null : decodeCursor(cursor), limit + 1],
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { entries: page.map(toEntry), nextCursor: last === undefined ? null : encodeCursor(last) };
}

function toEntry({ id, account_id: accountId, actor, action, target, detail, at }: Row): AuditRow {
  return { id, accountId, actor, action, target, detail, at: at.getTime() };
}

function encodeCursor({ ord }: Row): string {
  return Buffer.from(String(ord)).toString("base64url");
}

function decodeCursor(cursor: string): number {
  const ord = Buffer.from(cursor, "base64url").toString();
  if (/^\d{1,15}$/.test(ord)) return Number(ord);
  throw new AgencyError("invalid_request", "This cursor is not one of ours.", {
    next: "Start again without it.",
  });
}

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
  const before = cursor === null ? null : decodeCursor(cursor);
  const { rows } = await sql.query<Row>(
    `select id, account_id, actor, action, target, detail, at from audit_log
     where account_id = $1 and ($2::timestamptz is null or (at, id) < ($2, $3::uuid))
     order by at desc, id desc limit $4`,
    [accountId, before?.at ?? null, before?.id ?? null, limit + 1],
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { entries: page.map(toEntry), nextCursor: last === undefined ? null : encodeCursor(last) };
}

function toEntry({ account_id, at, ...row }: Row): AuditRow {
  return { ...row, accountId: account_id, at: at.getTime() };
}

function encodeCursor({ at, id }: Row): string {
  return Buffer.from(`${at.getTime()} ${id}`).toString("base64url");
}

function decodeCursor(cursor: string): { at: Date; id: string } {
  const [, millis, id] =
    /^(\d{1,14}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(
      Buffer.from(cursor, "base64url").toString(),
    ) ?? [];
  if (millis === undefined || id === undefined) {
    throw new AgencyError("invalid_request", "This cursor is not one of ours.", {
      next: "Start again without it.",
    });
  }
  return { at: new Date(Number(millis)), id };
}

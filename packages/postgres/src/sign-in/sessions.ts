import type { SessionRecord, SessionStore } from "@agency/core";
import type { Database } from "../database.ts";

interface Row {
  id: string;
  account_id: string;
  method: SessionRecord["method"];
  name: string;
  address: string;
  token_hmac: Buffer;
  previous_hmac: Buffer | null;
  previous_until: Date | null;
  rotated_at: Date;
  created_at: Date;
  seen_at: Date;
  expires_at: Date;
}

const COLUMNS = `id, account_id, method, name, address, token_hmac, previous_hmac, previous_until,
  rotated_at, created_at, seen_at, expires_at`;

export function createSessionStore(db: Database): SessionStore {
  const select = async (where: string, values: readonly unknown[]) => {
    const { rows } = await db.query<Row>(`select ${COLUMNS} from browser_sessions where ${where}`, values);
    return rows.map(toRecord);
  };
  return {
    add: (session, idleSince) => add(db, session, idleSince),
    find: async (id) => (await select("id = $1", [id]))[0] ?? null,
    async rotate(id, from, to, previous, now) {
      const { rowCount } = await db.query(
        `update browser_sessions
         set token_hmac = $3, previous_hmac = $4, previous_until = null, rotated_at = $5, seen_at = $5
         where id = $1 and token_hmac = $2`,
        [id, Buffer.from(from), Buffer.from(to), Buffer.from(previous), new Date(now)],
      );
      return rowCount === 1;
    },
    async confirm(id, previousUntil) {
      await db.query(
        "update browser_sessions set previous_until = $2 where id = $1 and previous_until is null",
        [id, new Date(previousUntil)],
      );
    },
    async touch(ids, now) {
      await db.query("update browser_sessions set seen_at = $2 where id = any($1::uuid[])", [
        ids,
        new Date(now),
      ]);
    },
    list: (accountId) => select("account_id = $1 order by created_at desc", [accountId]),
    async remove(accountId, id) {
      const { rowCount } = await db.query("delete from browser_sessions where account_id = $1 and id = $2", [
        accountId,
        id,
      ]);
      return rowCount === 1;
    },
    async removeByMethod(accountId, method) {
      const { rows } = await db.query<{ id: string }>(
        "delete from browser_sessions where account_id = $1 and method = $2 returning id",
        [accountId, method],
      );
      return rows.map(({ id }) => id);
    },
    present: (ids) => select("id = any($1::uuid[])", [ids]),
  };
}

async function add(db: Database, session: SessionRecord, idleSince: number): Promise<void> {
  await db.query("delete from browser_sessions where seen_at < $1 or expires_at < $2", [
    new Date(idleSince),
    new Date(session.createdAt),
  ]);
  const { id, accountId, method, name, address, hmac, createdAt, expiresAt } = session;
  await db.query(
    `insert into browser_sessions
       (id, account_id, method, name, address, token_hmac, rotated_at, created_at, seen_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $7, $7, $8)`,
    [id, accountId, method, name, address, Buffer.from(hmac), new Date(createdAt), new Date(expiresAt)],
  );
}

function toRecord(row: Row): SessionRecord {
  const { id, method, name, address } = row;
  return {
    id,
    method,
    name,
    address,
    accountId: row.account_id,
    hmac: row.token_hmac,
    previousHmac: row.previous_hmac,
    previousUntil: row.previous_until?.getTime() ?? null,
    rotatedAt: row.rotated_at.getTime(),
    createdAt: row.created_at.getTime(),
    seenAt: row.seen_at.getTime(),
    expiresAt: row.expires_at.getTime(),
  };
}

import type { ApiKeyRow, ApiKeyStore } from "@agency/core";
import type { Database } from "../database.ts";

export function createApiKeyStore(db: Database): ApiKeyStore {
  return {
    async find(id) {
      const { rows } = await db.query<{
        id: string;
        account_id: string;
        key_hmac: Buffer;
        revoked_at: Date | null;
      }>("select id, account_id, key_hmac, revoked_at from api_keys where id::text = $1", [id]);
      const [row] = rows;
      if (row === undefined) return null;
      return { id: row.id, accountId: row.account_id, hmac: row.key_hmac, revoked: row.revoked_at !== null };
    },
    async insert({ id, accountId, name, prefix, hmac }) {
      await db.query(
        "insert into api_keys (id, account_id, name, prefix, key_hmac) values ($1, $2, $3, $4, $5)",
        [id, accountId, name, prefix, Buffer.from(hmac)],
      );
    },
    async list(accountId) {
      const { rows } = await db.query<Omit<ApiKeyRow, "createdAt"> & { createdAt: Date }>(
        `select id, name, prefix, created_at as "createdAt", revoked_at is not null as revoked
         from api_keys where account_id = $1 order by created_at desc limit 500`,
        [accountId],
      );
      return rows.map((row) => ({ ...row, createdAt: row.createdAt.getTime() }));
    },
    async revoke(accountId, id) {
      const { rowCount } = await db.query(
        "update api_keys set revoked_at = now() where account_id = $1 and id = $2 and revoked_at is null",
        [accountId, id],
      );
      return rowCount === 1;
    },
  };
}

import type { WayInStore } from "@agency/core";
import type { Database } from "../database.ts";

export function createWayInStore(db: Database): WayInStore {
  return {
    async addLink({ hmac, accountId, expiresAt }) {
      await db.query("delete from sign_in_links where expires_at < now()");
      await db.query("insert into sign_in_links (token_hmac, account_id, expires_at) values ($1, $2, $3)", [
        Buffer.from(hmac),
        accountId,
        new Date(expiresAt),
      ]);
    },
    async burnLink(hmac, now) {
      // Two at once: the second finds the row gone when the first has committed.
      const { rows } = await db.query<{ account_id: string; good: boolean }>(
        "delete from sign_in_links where token_hmac = $1 returning account_id, expires_at > $2 as good",
        [Buffer.from(hmac), new Date(now)],
      );
      return rows[0]?.good === true ? rows[0].account_id : null;
    },
    async password(accountId) {
      const { rows } = await db.query<{ hash: string }>(
        "select hash from account_passwords where account_id = $1",
        [accountId],
      );
      return rows[0]?.hash ?? null;
    },
    async setPassword(accountId, hash) {
      if (hash === null) await db.query("delete from account_passwords where account_id = $1", [accountId]);
      else
        await db.query(
          `insert into account_passwords (account_id, hash) values ($1, $2)
           on conflict (account_id) do update set hash = excluded.hash, updated_at = now()`,
          [accountId, hash],
        );
    },
    async accountName(accountId) {
      const { rows } = await db.query<{ name: string }>("select name from accounts where id = $1", [
        accountId,
      ]);
      return rows[0]?.name ?? "";
    },
    countTry: (name, windowMs, now) => countTry(db, name, windowMs, now),
    async forgetTries(name) {
      await db.query("delete from sign_in_tries where name = $1", [name]);
    },
  };
}

/** One statement, so that tries at the same moment, on several servers, are all counted. */
async function countTry(
  db: Database,
  name: string,
  windowMs: number,
  now: number,
): Promise<{ tries: number; resetsAt: number }> {
  const { rows } = await db.query<{ tries: number; resets_at: Date }>(
    `insert into sign_in_tries as t (name, tries, resets_at) values ($1, 1, $3)
     on conflict (name) do update set
       tries = case when t.resets_at <= $2 then 1 else t.tries + 1 end,
       resets_at = case when t.resets_at <= $2 then $3 else t.resets_at end
     returning tries, resets_at`,
    [name, new Date(now), new Date(now + windowMs)],
  );
  // An address that came once is not remembered for ever.
  await db.query("delete from sign_in_tries where resets_at < $1", [new Date(now - windowMs)]);
  return { tries: rows[0]?.tries ?? 1, resetsAt: rows[0]?.resets_at.getTime() ?? now + windowMs };
}

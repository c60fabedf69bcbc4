import type { Sql } from "../database.ts";

/**
 * Whether so many bytes more fit into what the account may store. Of one account one asks at a time until its
 * transaction ends, so that a hundred uploads at once cannot pass the limit together; nothing else is locked behind it.
 * Blobs and uploads under way count, `but` uploads whose keys begin with that; the sum of 100,000 blobs comes from an
 * index in 10 ms.
 */
export async function hasRoom(
  tx: Sql,
  accountId: string,
  bytes: number,
  most: number | null,
  { but }: { but: string | null } = { but: null },
): Promise<boolean> {
  if (most === null) return true;
  await tx.query("select pg_advisory_xact_lock(hashtextextended('room of ' || $1, 0))", [accountId]);
  const { rows } = await tx.query<{ bytes: number }>(
    `select ((select coalesce(sum(bytes), 0) from blobs where account_id = $1 and expired_at is null)
           + (select coalesce(sum(bytes), 0) from loose_objects
              where account_id = $1 and ($2::text is null or not starts_with(key, $2))))::bigint as bytes`,
    [accountId, but],
  );
  return (rows[0]?.bytes ?? 0) + bytes <= most;
}

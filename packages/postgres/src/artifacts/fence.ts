import type { Sql } from "../database.ts";

/**
 * Holds the epoch in place for the rest of the transaction: what is written under it cannot come from an attempt
 * that is over. The writers of one task go one after the other.
 */
export async function holdEpoch(tx: Sql, taskId: string, epoch: number): Promise<boolean> {
  const { rowCount } = await tx.query(
    "select from tasks where id = $1 and epoch = $2 and finished_at is null for no key update",
    [taskId, epoch],
  );
  return rowCount === 1;
}

import type { PairingRecord, PairingStore, WaitingPairing } from "@agency/core";
import type { Database } from "../database.ts";
import { LOCKS } from "../locks.ts";

interface Row {
  id: string;
  code_hmac: Buffer;
  secret_hmac: Buffer;
  name: string;
  address: string;
  requested_at: Date;
  expires_at: Date;
  decision: PairingRecord["decision"];
  account_id: string | null;
}

const COLUMNS = "id, code_hmac, secret_hmac, name, address, requested_at, expires_at, decision, account_id";

export function createPairingStore(db: Database): PairingStore {
  return {
    add: (pairing, most, gives) => add(db, pairing, most, gives),
    async findByCode(codeHmac, now) {
      const { rows } = await db.query<Row>(
        `select ${COLUMNS} from pairing_requests
         where code_hmac = $1 and expires_at > $2 and decision is null`,
        [Buffer.from(codeHmac), new Date(now)],
      );
      return toRecord(rows[0]);
    },
    async decide(codeHmac, { accept, accountId }, now) {
      const { rows } = await db.query<Row>(
        `update pairing_requests set decision = $3, account_id = $4
         where code_hmac = $1 and expires_at > $2 and decision is null returning ${COLUMNS}`,
        [Buffer.from(codeHmac), new Date(now), accept ? "accepted" : "refused", accept ? accountId : null],
      );
      return toRecord(rows[0]);
    },
    async find(id) {
      const { rows } = await db.query<Row>(`select ${COLUMNS} from pairing_requests where id = $1`, [id]);
      return toRecord(rows[0]);
    },
    async countWrongClaim(id, most) {
      await db.query("update pairing_requests set tries = tries + 1 where id = $1", [id]);
      await db.query("delete from pairing_requests where id = $1 and tries >= $2", [id, most]);
    },
    async take(id) {
      const { rowCount } = await db.query(
        "delete from pairing_requests where id = $1 and decision = 'accepted'",
        [id],
      );
      return rowCount === 1;
    },
  };
}

async function add(
  db: Database,
  pairing: PairingRecord,
  most: number,
  gives: (waiting: readonly WaitingPairing[]) => string | null,
): Promise<boolean> {
  return db.tx(async (tx) => {
    // One at a time: many at once would all see room for one more.
    await tx.query("select pg_advisory_xact_lock($1)", [LOCKS.pairing]);
    const { id, codeHmac, secretHmac, name, address, requestedAt, expiresAt } = pairing;
    await tx.query("delete from pairing_requests where expires_at <= $1", [new Date(requestedAt)]);
    await tx.query(
      `insert into pairing_requests (id, code_hmac, secret_hmac, name, address, requested_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        id,
        Buffer.from(codeHmac),
        Buffer.from(secretHmac),
        name,
        address,
        new Date(requestedAt),
        new Date(expiresAt),
      ],
    );
    const { rows } = await tx.query<Pick<Row, "id" | "address" | "requested_at">>(
      "select id, address, requested_at from pairing_requests where decision is null",
    );
    if (rows.length <= most) return true;
    const waiting = rows.map((row) => ({ ...row, requestedAt: row.requested_at.getTime() }));
    await tx.query("delete from pairing_requests where id = $1", [gives(waiting)]);
    return false;
  });
}

function toRecord(row: Row | undefined): PairingRecord | null {
  if (row === undefined) return null;
  const { id, name, address, decision } = row;
  return {
    id,
    name,
    address,
    decision,
    codeHmac: row.code_hmac,
    secretHmac: row.secret_hmac,
    requestedAt: row.requested_at.getTime(),
    expiresAt: row.expires_at.getTime(),
    accountId: row.account_id,
  };
}

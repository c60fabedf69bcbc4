import type { Network } from "@agency/contract";
import type { NetworkSettings, NetworkStore } from "@agency/core";
import { addAuditRow } from "../audit/log.ts";
import type { Database, Sql } from "../database.ts";

interface Row {
  lists: Record<string, string[]> | null;
  closed: string[];
  defaultNetwork: Network | null;
}

const SETTINGS = 'network_lists as lists, closed_hosts as closed, default_network as "defaultNetwork"';
const NONE: NetworkSettings = { lists: new Map(), closed: [], defaultNetwork: null };

export function createNetworkStore(db: Database): NetworkStore {
  return {
    read: async (accountId) =>
      (await settingsOf(db, `select ${SETTINGS} from accounts where id = $1`, [accountId])) ?? NONE,
    // Asked for each connection: lists that it does not name stay where they are.
    rulesOf: async (accountId, names) =>
      (await settingsOf(
        db,
        `select closed_hosts as closed, null as "defaultNetwork", case when cardinality($2::text[]) > 0 then
           (select jsonb_object_agg(key, value) from jsonb_each(network_lists) where key = any ($2)) end as lists
         from accounts where id = $1`,
        [accountId, names],
      )) ?? NONE,
    change: (accountId, decide) =>
      db.tx(async (tx) => {
        // Tasks that are made meanwhile refer to the row and need not wait.
        const now = await settingsOf(tx, `select ${SETTINGS} from accounts where id = $1 for no key update`, [
          accountId,
        ]);
        const { settings, audit } = decide(now ?? NONE);
        if (audit === null) return settings;
        await write(tx, accountId, settings);
        await addAuditRow(tx, audit);
        await tx.query("select pg_notify('net', $1)", [accountId]);
        return settings;
      }),
  };
}

async function settingsOf(sql: Sql, query: string, values: unknown[]): Promise<NetworkSettings | null> {
  const { rows } = await sql.query<Row>(query, values);
  const [row] = rows;
  if (row === undefined) return null;
  const lists = Object.entries(row.lists ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { lists: new Map(lists), closed: row.closed, defaultNetwork: row.defaultNetwork };
}

async function write(
  sql: Sql,
  accountId: string,
  { lists, closed, defaultNetwork }: NetworkSettings,
): Promise<void> {
  await sql.query(
    "update accounts set network_lists = $2, closed_hosts = $3, default_network = $4 where id = $1",
    [
      accountId,
      JSON.stringify(Object.fromEntries(lists)),
      closed,
      defaultNetwork === null ? null : JSON.stringify(defaultNetwork),
    ],
  );
}

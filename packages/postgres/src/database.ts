import type { Tx } from "@agency/core";
import { Pool, types as pgTypes, TypeOverrides } from "pg";
import type { PoolClient, QueryResult } from "pg";
import { sqlState, translate } from "./database-error.ts";

interface SqlResult<R> {
  rows: R[];
  rowCount: number | null;
}

export interface Sql extends Tx {
  /**
   * Without values the text may hold several statements; their rows come as one list. With a name the
   * statement is parsed and planned once a connection: for the few hot ones.
   */
  query<R extends object = object>(
    text: string,
    values?: readonly unknown[],
    name?: string,
  ): Promise<SqlResult<R>>;
}

export interface Database extends Sql {
  /** One transaction; rolled back when `work` throws, tried again when Postgres chose it as a deadlock's victim. */
  tx<T>(work: (tx: Sql) => Promise<T>): Promise<T>;
  /** One connection for all of `work`, without a transaction around it. */
  session<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  connectionString: string;
  max?: number;
  applicationName?: string;
  onIdleError?: (error: Error) => void;
}

/** Numbers of events and tokens stay far below 2^53. */
const types = new TypeOverrides();
types.setTypeParser(pgTypes.builtins.INT8, Number);

const DEADLOCK = new Set(["40P01", "40001"]);
const MAX_TRIES = 5;

export function openDatabase(options: DatabaseOptions): Database {
  const pool = new Pool({
    connectionString: options.connectionString,
    max: options.max ?? 10,
    application_name: options.applicationName ?? "agency",
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    // A transaction's `begin` travels with its first statement instead of taking a trip of its own.
    pipeline: true,
    types,
  });
  // Without a listener a connection that dies, idle or lent, would end the whole process.
  pool.on("error", (error) => options.onIdleError?.(error));
  pool.on("connect", (client) => client.on("error", () => {}));
  return {
    query: (text, values, name) => withRetries(() => run(pool, text, values, name)),
    tx: (work) => withRetries(() => inTransaction(pool, work)),
    session: (work) => inSession(pool, work),
    close: () => pool.end(),
  };
}

/** One statement is a transaction, too: a deadlock's victim has changed nothing and can simply go again. */
async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === MAX_TRIES || !DEADLOCK.has(sqlState(error) ?? "")) throw error;
    }
  }
}

async function inTransaction<T>(pool: Pool, work: (tx: Sql) => Promise<T>): Promise<T> {
  const client = await connect(pool);
  let broken = false;
  try {
    // Not waited for: only a lost connection can fail it, and that fails all that follows, too.
    const begun = run(client, "begin");
    begun.catch(() => {});
    const value = await lend(client, work);
    await begun;
    const { command } = await send(client, "commit", [], undefined);
    // The server answers a commit with a rollback when `work` swallowed the error of a statement.
    if (command !== "COMMIT") throw new Error("a statement of the transaction failed: nothing was committed");
    return value;
  } catch (error) {
    await run(client, "rollback").catch(() => (broken = true));
    throw error;
  } finally {
    client.release(broken);
  }
}

async function inSession<T>(pool: Pool, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await connect(pool);
  try {
    return await lend(client, work);
  } finally {
    // Locks and settings of the session go with its connection.
    client.release(true);
  }
}

/**
 * Statements run in the order they are given; those given together travel together. Used after its time, a
 * lent connection would speak inside somebody else's transaction.
 */
async function lend<T>(client: PoolClient, work: (tx: Sql) => Promise<T>): Promise<T> {
  let over = false;
  let spoken: Promise<unknown> = Promise.resolve();
  const query: Sql["query"] = async <R extends object>(...statement: Parameters<Sql["query"]>) => {
    if (over) throw new Error("this connection was given back: its transaction is over");
    const result = run<R>(client, ...statement);
    spoken = Promise.allSettled([spoken, result]);
    return result;
  };
  try {
    return await work({ query });
  } finally {
    over = true;
    await spoken;
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw translate(error);
  }
}

async function run<R extends object>(
  runner: Pool | PoolClient,
  text: string,
  values: readonly unknown[] = [],
  name?: string,
): Promise<SqlResult<R>> {
  const result: QueryResult | QueryResult[] = await send(runner, text, values, name);
  if (!Array.isArray(result)) return { rows: result.rows as R[], rowCount: result.rowCount };
  return { rows: result.flatMap(({ rows }) => rows as R[]), rowCount: null };
}

async function send(
  runner: Pool | PoolClient,
  text: string,
  values: readonly unknown[],
  name: string | undefined,
): Promise<QueryResult> {
  try {
    return await runner.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
  } catch (error) {
    throw translate(error);
  }
}

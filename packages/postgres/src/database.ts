import { AgencyError } from "@agency/contract";
import pg from "pg";

export interface Sql {
  query<R extends object = object>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: R[]; rowCount: number | null }>;
}

export interface Database extends Sql {
  /** One transaction; rolled back when `work` throws, tried again when Postgres chose it as a deadlock's victim. */
  tx<T>(work: (tx: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  connectionString: string;
  max?: number;
  applicationName?: string;
  onIdleError?: (error: Error) => void;
}

/** Numbers of events and tokens stay far below 2^53. */
const INT8 = 20;
const types = new pg.TypeOverrides();
types.setTypeParser(INT8, Number);

const DEADLOCK = new Set(["40P01", "40001"]);
const MAX_TRIES = 5;

export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.max ?? 10,
    application_name: options.applicationName ?? "agency",
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    types,
  });
  // Without a listener a connection that dies while idle would end the whole process.
  pool.on("error", (error) => options.onIdleError?.(error));
  return {
    async query<R extends object>(text: string, values: readonly unknown[] = []) {
      return translated(async () => toResult<R>(await pool.query(text, [...values])));
    },
    tx: (work) => translated(() => withRetries(() => inTransaction(pool, work))),
    close: () => pool.end(),
  };
}

async function inTransaction<T>(pool: pg.Pool, work: (tx: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const tx: Sql = {
      query: async <R extends object>(text: string, values: readonly unknown[] = []) =>
        toResult<R>(await client.query(text, [...values])),
    };
    const value = await work(tx);
    await client.query("commit");
    return value;
  } catch (error) {
    await client.query("rollback").catch((failure: Error) => (broken = failure));
    throw error;
  } finally {
    client.release(broken);
  }
}

async function withRetries<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt === MAX_TRIES || !DEADLOCK.has(codeOf(error))) throw error;
    }
  }
}

function toResult<R extends object>(result: pg.QueryResult): { rows: R[]; rowCount: number | null } {
  return { rows: result.rows as R[], rowCount: result.rowCount };
}

async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw translate(error);
  }
}

const DISK_FULL = "53100";

function translate(error: unknown): unknown {
  const code = codeOf(error);
  if (code === DISK_FULL) {
    return new AgencyError("unavailable", "The database's disk is full.", {
      next: "Free some space; work goes on by itself.",
      cause: error,
      retryAfterMs: 5_000,
    });
  }
  if (!isConnectionFailure(error, code)) return error;
  return new AgencyError("unavailable", "The database does not answer.", {
    next: "It is tried again by itself; if this stays, look at the database's own log.",
    cause: error,
    retryAfterMs: 1_000,
  });
}

function isConnectionFailure(error: unknown, code: string): boolean {
  // 08: connection exceptions; 57P0x: the server is shutting down or starting; 53300: too many connections.
  if (/^08|^57P0|^53300$/.test(code)) return true;
  if (/^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|ENOTFOUND)$/.test(code)) return true;
  return (
    error instanceof Error &&
    /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

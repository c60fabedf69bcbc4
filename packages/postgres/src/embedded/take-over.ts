import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@agency/core";
import { Client } from "pg";
import { unavailable } from "./failure.ts";
import type { Layout } from "./layout.ts";
import { stopPostmaster, watchPostmaster } from "./postmaster.ts";
import type { Postmaster } from "./postmaster.ts";
import { parsePostmasterPid, readPostmasterPid } from "./postmaster-pid.ts";
import type { PostmasterPid } from "./postmaster-pid.ts";
import { isPostmasterOf } from "./process-identity.ts";
import { PORT, SUPERUSER } from "./settings.ts";

const SETTLE_POLL_MS = 20;

/**
 * A supervisor that was killed leaves its server at work. One that runs exactly what we would start is
 * adopted; another is stopped; what a dead one left behind is cleared. Null: nothing runs, start one.
 */
export async function takeOver(layout: Layout, stamp: string, logger: Logger): Promise<Postmaster | null> {
  const file = await settled(layout.cluster);
  if (file === null) {
    await clearStaleFiles(layout);
    return null;
  }
  if ((await readStamp(file)) === stamp) {
    logger.info({ pid: file.pid }, "Adopted the database server that an earlier process left running.");
    return watchPostmaster(file, layout.cluster);
  }
  logger.warn({ pid: file.pid }, "Stopping a database server left over with other settings.");
  await stopPostmaster(file.pid, layout.cluster);
  await clearStaleFiles(layout);
  return null;
}

/** Waits until a server that is coming up or going down has made up its mind. */
async function settled(cluster: string): Promise<PostmasterPid | null> {
  for (;;) {
    const file = await readPostmasterPid(cluster);
    if (file === null || !(await isPostmasterOf(file.pid, cluster))) return null;
    if (file.status === "ready") return file;
    await sleep(SETTLE_POLL_MS);
  }
}

/**
 * PostgreSQL takes any living process with the recorded pid for its predecessor when that process
 * belongs to the same user, and would never start again. By now we know better.
 */
async function clearStaleFiles(layout: Layout): Promise<void> {
  const file = await readPostmasterPid(layout.cluster);
  if (file !== null && exists(file.pid)) {
    if (await answers(file)) throw servedElsewhere(layout.cluster, file);
    await rm(join(layout.cluster, "postmaster.pid"), { force: true });
  }
  const socket = join(layout.socketDir, `.s.PGSQL.${PORT}`);
  await refuseSharedSocket(layout, `${socket}.lock`);
  await rm(`${socket}.lock`, { force: true });
  await rm(socket, { force: true });
}

/** Two data folders given the same runtime folder: the second must not take the first one's socket. */
async function refuseSharedSocket(layout: Layout, lockFile: string): Promise<void> {
  const text = await readFile(lockFile, "utf8").catch(() => "");
  const [holder, cluster] = [parsePostmasterPid(text), text.split("\n")[1] ?? ""];
  if (holder === null || cluster === layout.cluster || !(await isPostmasterOf(holder.pid, cluster))) return;
  throw unavailable(
    `The database of ${cluster} has its socket in ${layout.socketDir}.`,
    "Give each Agency a runtime folder of its own with AGENCY_HOME.",
  );
}

async function readStamp(file: PostmasterPid): Promise<string | null> {
  return ask(file, "select current_setting('agency.stamp', true) as answer");
}

async function answers(file: PostmasterPid): Promise<boolean> {
  return (await ask(file, "select '' as answer")) !== null;
}

async function ask(file: PostmasterPid, sql: string): Promise<string | null> {
  const client = new Client({
    host: file.socketDir,
    port: Number(file.port),
    user: SUPERUSER,
    database: "postgres",
    connectionTimeoutMillis: 2_000,
    query_timeout: 2_000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ answer: string | null }>(sql);
    return rows[0]?.answer ?? null;
  } catch {
    return null;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function servedElsewhere(cluster: string, file: PostmasterPid): Error {
  return unavailable(
    `A PostgreSQL that is not visible from here serves ${cluster} (its process ${file.pid} may be in another container).`,
    "Stop the Agency that uses this folder, or give this one its own folder with AGENCY_HOME.",
  );
}

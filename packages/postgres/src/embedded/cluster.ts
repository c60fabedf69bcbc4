import { mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Logger } from "@agency/core";
import type { Binaries } from "./binaries.ts";
import { classifyOutput, decisiveLine, diskFull, errnoOf, OTHER_SERVER, unavailable } from "./failure.ts";
import { own } from "./layout.ts";
import type { Layout } from "./layout.ts";
import { runProgram } from "./run-program.ts";
import type { ServerUser } from "./server-user.ts";
import { HBA, identMap, SUPERUSER } from "./settings.ts";

/** Makes the data folder at the first start, and refuses one that these binaries cannot read. */
export async function ensureCluster(
  layout: Layout,
  binaries: Binaries,
  user: ServerUser,
  options: { durable: boolean; logger: Logger },
): Promise<void> {
  const made = await clusterMajor(layout.cluster);
  if (made === null) await createCluster(layout, binaries, user, options);
  else if (made !== binaries.major) throw majorMismatch(layout.cluster, made, binaries.major);
}

/** Written at every start, so that a new version's rules hold for old data folders, too. */
export async function writeAccessRules(cluster: string, user: ServerUser): Promise<void> {
  await replaceFile(join(cluster, "pg_hba.conf"), HBA, user);
  await replaceFile(join(cluster, "pg_ident.conf"), identMap(user.clientName), user);
}

/** initdb may be cut off half-way: it works in a folder of its own, which a rename makes the real one. */
async function createCluster(
  layout: Layout,
  binaries: Binaries,
  user: ServerUser,
  options: { durable: boolean; logger: Logger },
): Promise<void> {
  const startedAt = performance.now();
  await refuseOccupied(layout.cluster);
  await removeDrafts(layout);
  const draft = await mkdtemp(`${layout.cluster}.new-`);
  try {
    await own(draft, user, 0o700);
    const args = initdbArguments(draft, binaries.major, options.durable);
    const { code, output } = await runInitdb(binaries.initdb, args, user, layout.root);
    if (code !== 0) throw initdbFailed(layout, output);
    await rename(draft, layout.cluster);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  const ms = Math.round(performance.now() - startedAt);
  options.logger.info(
    { folder: layout.cluster, version: binaries.version, ms },
    "Made a new database folder.",
  );
}

function initdbArguments(folder: string, major: number, durable: boolean): string[] {
  return [
    `--pgdata=${folder}`,
    `--username=${SUPERUSER}`,
    "--encoding=UTF8",
    "--locale=C",
    // Sorts like C, but knows the upper and lower case of every script; needs no locale of the system.
    ...(major >= 17 ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] : []),
    "--auth=peer",
    "--no-instructions",
    ...(durable ? [] : ["--no-sync"]),
  ];
}

async function runInitdb(
  program: string,
  args: string[],
  user: ServerUser,
  cwd: string,
): Promise<{ code: number | null; output: string }> {
  try {
    return await runProgram(program, args, user, cwd);
  } catch (cause) {
    // The file is there, yet the kernel says ENOENT: its loader is missing, as on Alpine.
    const why =
      errnoOf(cause) === "ENOENT" ? "they need glibc, which this system does not have" : errnoOf(cause);
    throw unavailable(
      `The PostgreSQL programs cannot be run here: ${why ?? "unknown reason"}.`,
      `Set AGENCY_PGBIN to a PostgreSQL made for this system, ${OTHER_SERVER}.`,
      cause,
    );
  }
}

async function clusterMajor(cluster: string): Promise<number | null> {
  try {
    return Number.parseInt(await readFile(join(cluster, "PG_VERSION"), "utf8"), 10);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw unavailable(
      `The database folder ${cluster} cannot be read (${errnoOf(error) ?? "unknown error"}).`,
      "Run Agency as the user who made it.",
      error,
    );
  }
}

async function removeDrafts(layout: Layout): Promise<void> {
  const drafts = (await readdir(layout.root)).filter((name) => name.startsWith("cluster.new-"));
  await Promise.all(drafts.map((name) => rm(join(layout.root, name), { recursive: true, force: true })));
}

async function replaceFile(path: string, text: string, user: ServerUser): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => null)) === text) return;
  const draft = `${path}.new`;
  try {
    await writeFile(draft, text, { mode: 0o600 });
    await own(draft, user, 0o600);
    await rename(draft, path);
  } catch (error) {
    if (errnoOf(error) === "ENOSPC") throw diskFull(dirname(path));
    throw error;
  }
}

function majorMismatch(cluster: string, made: number, ours: number): Error {
  return unavailable(
    `The database folder ${cluster} was made by PostgreSQL ${made}; this Agency brings PostgreSQL ${ours}.`,
    `Go back to the Agency version that made it, set AGENCY_PGBIN to the programs of PostgreSQL ${made}, ` +
      `${OTHER_SERVER}. Moving the folder away starts with an empty database.`,
  );
}

function initdbFailed(layout: Layout, output: string): Error {
  if (classifyOutput(output) === "disk_full") return diskFull(layout.root);
  return unavailable(
    `The database folder ${layout.cluster} could not be made: ${decisiveLine(output)}`,
    `Remove what the message names and start again, ${OTHER_SERVER}.`,
  );
}

async function refuseOccupied(cluster: string): Promise<void> {
  const found = await readdir(cluster).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return [];
    throw notOurs(cluster, error);
  });
  if (found.length > 0) throw notOurs(cluster);
}

function notOurs(cluster: string, cause?: unknown): Error {
  return unavailable(
    `${cluster} exists but is not a database folder.`,
    "Move it away, or set AGENCY_HOME to another folder.",
    cause,
  );
}

import { spawn } from "node:child_process";
import { chmod, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openDatabase, prepareDatabase, startEmbeddedPostgres } from "@agency/postgres";
import type { EmbeddedPostgres } from "@agency/postgres";

export const TEMPLATE = "agency_template";

/** Nothing of a test run has to survive a power cut. */
const SETTINGS = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  autovacuum: "off",
  max_connections: "200",
  shared_buffers: "64MB",
};

export interface TestCluster {
  /** Connection string of the superuser, once the template is ready. */
  url: Promise<string>;
  stop(): Promise<void>;
}

/**
 * A process of its own, in its own session, that cleans up as soon as its standard input ends: however the
 * test run ends, even by kill -9, no server and no folder stays behind.
 */
export function spawnTestCluster(folder: string): TestCluster {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), folder], {
    detached: true,
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const url = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    void ended.then(() => reject(new Error("the test database server ended before it was ready")));
  });
  // Whoever asks for a database meets the failure; a run that asks for none does not.
  url.catch(() => {});
  const stop = (): Promise<void> => {
    child.stdin.end();
    return ended;
  };
  return { url, stop };
}

async function serve(folder: string): Promise<void> {
  const over = new Promise<void>((resolve) => process.stdin.on("close", () => resolve()).resume());
  process.stdout.on("error", () => {});
  await chmod(folder, 0o755);
  let server: EmbeddedPostgres | null = null;
  try {
    server = await startEmbeddedPostgres({
      dataDir: join(folder, "data"),
      runtimeDir: join(folder, "run"),
      logger: silent,
      settings: SETTINGS,
    });
    await makeTemplate(server.connectionString);
    process.stdout.write(`${server.connectionString}\n`);
    await over;
  } finally {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeTemplate(admin: string): Promise<void> {
  const root = openDatabase({ connectionString: admin, max: 1 });
  await root.query(`create database ${TEMPLATE}`);
  await root.close();
  const template = openDatabase({ connectionString: inDatabase(admin, TEMPLATE), max: 2 });
  await prepareDatabase(template, Date.now());
  await template.close();
}

export function inDatabase(url: string, database: string): string {
  return url.replace(/\/[^/]*$/, `/${database}`);
}

const ignore = (): void => {};
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silent };

const [, , folder] = process.argv;
if (import.meta.main && folder !== undefined) await serve(folder);

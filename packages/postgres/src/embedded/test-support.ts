import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Logger } from "@agency/core";
import { Client } from "pg";
import type { QueryResultRow } from "pg";
import { afterAll, afterEach } from "vitest";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from "./embedded-postgres.ts";
import { firstClosedFolder, parseNobody } from "./server-user.ts";

export const FAST = { fsync: "off", shared_buffers: "16MB" };
const module = new URL("embedded-postgres.ts", import.meta.url);
export const isRoot = process.getuid?.() === 0;
export const nobody = parseNobody(readFileSync("/etc/passwd", "utf8")) ?? { uid: 65_534, gid: 65_534 };

/** Collects sentences; `next` resolves when one that matches is logged. */
export function recordingLogger(): Logger & { next(part: RegExp): Promise<void> } {
  const waiting: { part: RegExp; resolve: () => void }[] = [];
  const take = (_facts: object, sentence: string): void => {
    for (const entry of waiting) if (entry.part.test(sentence)) entry.resolve();
  };
  const next = (part: RegExp): Promise<void> => new Promise((resolve) => waiting.push({ part, resolve }));
  const logger = { debug: take, info: take, warn: take, error: take, next, child: () => logger };
  return logger;
}

/** A data and a runtime folder for one test; whatever was started in them is stopped afterwards. */
export function embeddedLab() {
  const running: EmbeddedPostgres[] = [];
  const children: ChildProcess[] = [];
  const folders: string[] = [];
  let seed: Promise<string> | null = null;

  const folder = async (): Promise<string> => {
    const path = await mkdtemp(join(tmpdir(), "agency-embedded-"));
    await chmod(path, 0o755);
    folders.push(path);
    return path;
  };
  const start = async (
    home: string,
    more: Partial<EmbeddedPostgresOptions> = {},
  ): Promise<EmbeddedPostgres> => {
    const options = { ...optionsFor(home), logger: recordingLogger(), ...more };
    const server = await startEmbeddedPostgres(options);
    running.push(server);
    return server;
  };
  /**
   * A home whose database is made already: initdb takes longer than everything else together. All tests of
   * a file share it, one after the other; whoever needs a second one at the same time gets a copy.
   */
  const seeded = (): Promise<string> => {
    seed ??= makeSeed();
    return seed;
  };
  const copied = async (): Promise<string> => {
    const home = await folder();
    await copyTree(join(await seeded(), "data"), join(home, "data"));
    return home;
  };
  const child = (home: string, code: string, wrap: Wrap = {}) => {
    const spawned = runChild(home, code, wrap);
    children.push(spawned.process);
    return spawned;
  };
  afterEach(async () => {
    for (const process of children.splice(0)) process.kill("SIGKILL");
    await Promise.all(running.splice(0).map((server) => server.stop()));
    if (seed !== null) await rm(join(await seed, "run"), { recursive: true, force: true });
    await Promise.all(folders.splice(0).map((path) => rm(path, { recursive: true, force: true })));
  });
  afterAll(async () => {
    if (seed !== null) await rm(await seed, { recursive: true, force: true });
  });
  return { folder, seeded, copied, start, child };
}

async function makeSeed(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "agency-embedded-seed-"));
  await chmod(home, 0o755);
  await (await startEmbeddedPostgres({ ...optionsFor(home), logger: recordingLogger() })).stop();
  return home;
}

function optionsFor(home: string) {
  return { dataDir: join(home, "data"), runtimeDir: join(home, "run"), settings: FAST };
}

export async function query<T extends QueryResultRow>(
  server: { connectionString: string },
  sql: string,
): Promise<T[]> {
  const client = new Client({ connectionString: server.connectionString });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

interface Wrap {
  /** Run as an ordinary user even when the tests run as root. */
  ordinary?: boolean;
  /** A command in front of node. */
  prefix?: string[];
}

/** Another process with its own supervisor. `code` sees `start(more)`, and prints lines of JSON with `say`. */
function runChild(home: string, code: string, wrap: Wrap) {
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(module.href)};
    const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
    const say = (value) => process.stdout.write(JSON.stringify(value) + "\\n");
    const options = { ...${JSON.stringify(optionsFor(home))}, logger: quiet };
    const start = (more) => startEmbeddedPostgres({ ...options, ...more });
    try { ${code} } catch (error) { say({ code: error.code, message: error.message, next: error.next }); }`;
  const node = [process.execPath, "--input-type=module", "-e", script];
  const [program = "", ...args] = [...(wrap.prefix ?? []), ...node];
  const process_ = spawn(program, args, {
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["pipe", "pipe", "inherit"],
    ...(wrap.ordinary === true && isRoot ? nobody : {}),
  });
  const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]();
  const hear = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the child ended without a word");
    return JSON.parse(value) as Record<string, unknown>;
  };
  const ended = new Promise<void>((resolve) => process_.on("exit", () => resolve()));
  return { process: process_, hear, ended };
}

/** Where another user cannot reach this checkout, a user namespace makes us one who can. */
export async function ordinaryUser(): Promise<Wrap> {
  if (!isRoot) return {};
  const closed = await firstClosedFolder(fileURLToPath(new URL(".", module)), nobody);
  if (closed === null) return { ordinary: true };
  return {
    prefix: ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--uid", "65534", "--gid", "65534", "--"],
  };
}

async function copyTree(from: string, to: string): Promise<void> {
  if (!isRoot) return cp(from, to, { recursive: true });
  // Only cp(1) keeps the owner, which the server insists on.
  await new Promise<void>((resolve, reject) => {
    spawn("cp", ["-a", from, to]).on("exit", (code) =>
      code === 0 ? resolve() : reject(new Error("cp failed")),
    );
  });
}

import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { chmod, readFile, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SandboxSpec } from "@agency/core";
import { consoleTail } from "../console.ts";
import type { LocalContext } from "../context.ts";
import { createSandbox } from "../create-sandbox.ts";
import { discardSandbox } from "../discard-sandbox.ts";
import { endSandbox } from "../end-sandbox.ts";
import { MachineProblem } from "../machine-problem.ts";
import { folderOf } from "../sandbox-folder.ts";
import { makeOpenFolder } from "../staging.ts";

/** What the canary found inside, and what was left of it. */
export interface Trial {
  readonly report: Readonly<Record<string, string>>;
  /** Processes that left their parent inside: before and after the sandbox was destroyed. */
  readonly orphansBefore: number;
  readonly orphansAfter: number;
  readonly millis: number;
}

const REPORT_TIMEOUT_MS = 5000;
const CANARY = fileURLToPath(new URL("canary.mjs", import.meta.url));
const MIB = 1024 * 1024;

/** Makes one real sandbox with the full profile, lets the canary look around in it, and destroys it. */
export async function runTrial(local: LocalContext, signal: AbortSignal): Promise<Trial> {
  const base = join(dirname(local.home), `.check-${randomBytes(6).toString("hex")}`);
  const doorDir = join(base, "door");
  const trial: LocalContext = {
    ...local,
    home: join(base, "sandboxes"),
    doorDir,
    runtime: { ...local.runtime, runnerPath: CANARY },
  };
  const bystander = createServer((socket) => socket.destroy());
  const uplink = createServer();
  try {
    await makeOpenFolder(doorDir, 0o755);
    const port = await listen(bystander, { host: "127.0.0.1", port: 0 });
    await listen(uplink, { path: join(doorDir, "check") });
    await chmod(join(doorDir, "check"), 0o666);
    return await watch(trial, { uplink, port, signal });
  } finally {
    uplink.close();
    bystander.close();
    await rm(base, { recursive: true, force: true });
  }
}

async function watch(
  trial: LocalContext,
  given: { uplink: Server; port: number; signal: AbortSignal },
): Promise<Trial> {
  // A number of seconds that no other sleep on this machine was given.
  const orphan = `${randomInt(100_000, 200_000)}.${randomInt(1_000_000, 10_000_000)}`;
  const spec = trialSpec(trial, `check:${given.port}:${orphan}`);
  const reported = firstReport(given.uplink, trial, given.signal);
  const began = performance.now();
  const ref = await createSandbox(trial, spec, { signal: given.signal, onRef: () => Promise.resolve() });
  const folder = folderOf(trial.home, ref);
  try {
    const millis = performance.now() - began;
    const report = await reported;
    if (report === null) throw silent(await consoleTail(folder));
    const orphansBefore = await countCommands(orphan);
    await endSandbox(trial, folder, given.signal);
    return { report: parseReport(report), orphansBefore, orphansAfter: await countCommands(orphan), millis };
  } finally {
    await discardSandbox(trial, folder, new AbortController().signal);
  }
}

function trialSpec(trial: LocalContext, token: string): SandboxSpec {
  const deadlineAt = new Date(trial.clock.now() + 60_000).toISOString();
  return {
    id: `check-${randomBytes(6).toString("hex")}`,
    generation: 0,
    labels: {},
    deadlineAt,
    resources: { memoryBytes: 512 * MIB, pids: 128, cpus: 1, tmpBytes: 16 * MIB, fileBytes: 16 * MIB },
    bootstrap: { v: 1, taskId: randomUUID(), epoch: 1, token, doorDir: trial.doorDir, deadlineAt },
  };
}

async function firstReport(uplink: Server, trial: LocalContext, signal: AbortSignal): Promise<string | null> {
  const settled = new AbortController();
  const said = new Promise<string>((resolve) => {
    uplink.once("connection", (socket) => {
      let text = "";
      socket.setEncoding("utf8");
      socket.on("data", (chunk: string) => (text += chunk));
      socket.on("end", () => resolve(text));
    });
  });
  const late = trial.clock
    .sleep(REPORT_TIMEOUT_MS, AbortSignal.any([signal, settled.signal]))
    .then(() => null);
  return Promise.race([said, late]).finally(() => settled.abort());
}

function silent(console: string): MachineProblem {
  const said = console.trim().split("\n").at(-1) ?? "";
  const what = `the sandbox started, but nothing came through its door (its console ends: ${said})`;
  return new MachineProblem(
    "unavailable",
    what,
    "check that the configured Node runs on this machine by itself",
  );
}

function parseReport(text: string): Record<string, string> {
  const json: unknown = JSON.parse(text);
  const entries = typeof json === "object" && json !== null ? Object.entries(json) : [];
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

async function countCommands(word: string): Promise<number> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/u.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines.filter((line) => line.split("\0").includes(word)).length;
}

async function listen(
  server: Server,
  at: { path: string } | { host: string; port: number },
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(at, resolve);
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

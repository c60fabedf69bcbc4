import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@agency/core";
import type { Binaries } from "./binaries.ts";
import { classifyOutput, decisiveLine, diskFull, OTHER_SERVER, unavailable } from "./failure.ts";
import type { Layout } from "./layout.ts";
import { readPostmasterPid } from "./postmaster-pid.ts";
import { isPostmasterOf } from "./process-identity.ts";
import { asServerUser, PROGRAM_ENV } from "./run-program.ts";
import { openServerLog } from "./server-log.ts";
import type { ServerUser } from "./server-user.ts";
import { settingsStamp, toArguments } from "./settings.ts";
import type { Settings } from "./settings.ts";

const READY_POLL_MS = 10;
/** Replaying the log after a crash can be long; it is never worth giving up sooner. */
const READY_LIMIT_MS = 300_000;
/** After a killed postmaster its last child needs a moment: 2.15 s at most in measurements. */
const STILL_IN_USE_LIMIT_MS = 20_000;
const STILL_IN_USE_PAUSE_MS = 100;
const STOP_LIMIT_MS = 20_000;
const STOP_POLL_MS = 10;
const WATCH_POLL_MS = 500;

export interface Postmaster {
  pid: number;
  socketDir: string;
  port: string;
  /** Resolves with the last words when the process is gone, whoever ended it. */
  gone: Promise<string>;
}

interface Launch {
  layout: Layout;
  binaries: Binaries;
  user: ServerUser;
  settings: Settings;
  logger: Logger;
}

export async function launchPostmaster(launch: Launch): Promise<Postmaster> {
  const deadline = performance.now() + STILL_IN_USE_LIMIT_MS;
  for (;;) {
    const outcome = await launchOnce(launch);
    if (typeof outcome !== "string") return outcome;
    if (classifyOutput(outcome) !== "still_in_use" || performance.now() > deadline) {
      throw startFailed(launch.layout, outcome);
    }
    launch.logger.warn(
      { folder: launch.layout.cluster },
      "Waiting for the last process of a killed database server.",
    );
    await sleep(STILL_IN_USE_PAUSE_MS);
  }
}

/** A server that we did not start ourselves, but found at work on our folder. */
export function watchPostmaster(
  found: { pid: number; socketDir: string; port: string },
  cluster: string,
): Postmaster {
  const gone = (async () => {
    while (await isPostmasterOf(found.pid, cluster)) await sleep(WATCH_POLL_MS, undefined, { ref: false });
    return `process ${found.pid} is gone`;
  })();
  return { ...found, gone };
}

/** Fast shutdown, then immediate; the log makes the second one safe. Resolves when the process is gone. */
export async function stopPostmaster(pid: number, cluster: string): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    // Looked at again right before the signal: nothing else may ever be hit by it.
    if (!(await isPostmasterOf(pid, cluster))) return;
    process.kill(pid, signal);
    if (await waitGone(pid, cluster)) return;
  }
  throw unavailable(
    `PostgreSQL (process ${pid}) does not stop.`,
    `End it by hand with \`kill -QUIT ${pid}\`, then start again.`,
  );
}

async function waitGone(pid: number, cluster: string): Promise<boolean> {
  const deadline = performance.now() + STOP_LIMIT_MS;
  while (await isPostmasterOf(pid, cluster)) {
    if (performance.now() > deadline) return false;
    await sleep(STOP_POLL_MS);
  }
  return true;
}

/** The postmaster, or what it said when it did not come up. */
async function launchOnce({ layout, binaries, user, settings }: Launch): Promise<Postmaster | string> {
  const log = await openServerLog(layout.log);
  try {
    const stamp = settingsStamp(binaries.version, settings);
    const args = ["-D", layout.cluster, ...toArguments({ ...settings, "agency.stamp": stamp })];
    // A session of its own: Ctrl-C in our terminal must not reach the server before we are done with it.
    const child = spawn(binaries.postgres, args, {
      ...asServerUser(user),
      cwd: layout.cluster,
      env: PROGRAM_ENV,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    const gone = exitOf(child);
    const ready = await waitReady(layout.cluster, child, gone);
    if (!ready) return `${await log.sinceOpened()}\n${await gone}`;
    return { pid: child.pid ?? 0, socketDir: layout.socketDir, port: settings["port"] ?? "", gone };
  } finally {
    await log.close();
  }
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(`error: ${error.message}`));
    child.on("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : `ended by ${signal}`));
  });
}

async function waitReady(cluster: string, child: ChildProcess, gone: Promise<string>): Promise<boolean> {
  const deadline = performance.now() + READY_LIMIT_MS;
  while (performance.now() < deadline) {
    const file = await readPostmasterPid(cluster);
    if (file?.pid === child.pid && file?.status === "ready") return true;
    const ended = await Promise.race([gone, sleep(READY_POLL_MS, "not yet")]);
    if (ended !== "not yet") return false;
  }
  child.kill("SIGQUIT");
  return false;
}

function startFailed(layout: Layout, output: string): Error {
  if (classifyOutput(output) === "disk_full") return diskFull(layout.root);
  return unavailable(
    `PostgreSQL did not start on ${layout.cluster}: ${decisiveLine(output)}`,
    `Read ${layout.log}, mend what it names, ${OTHER_SERVER}.`,
  );
}

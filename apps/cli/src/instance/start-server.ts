import { mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { AgencyError } from "@agency/contract";
import type { Instance } from "@agency/contract";
import type { Session } from "../session.ts";
import type { Variables } from "../world.ts";
import { logTail } from "./log-tail.ts";
import { readApiKey } from "./instance-file.ts";

const READY_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;
const LARGEST_LOG_BYTES = 10 * 1024 * 1024;

/**
 * Starts the server in the background and resolves when it takes work. Two commands may do this at the
 * same time: the server that loses ends by itself, and both commands use the one that is up.
 */
export async function startServer(session: Session): Promise<Instance> {
  const { world } = session;
  const config = session.usable();
  const log = prepareLog(config.folders.data, config.files.serverLog);
  const server = world.processes.startNode([world.serverEntry], {
    env: { ...world.env, ...serverVariables(session) },
    // Not the current folder: a server that lives for weeks would hold on to it.
    cwd: config.folders.data,
    logFile: config.files.serverLog,
  });
  let exited = false;
  void server.exited.then(() => {
    exited = true;
  });
  const deadline = world.clock.now() + READY_WITHIN_MS;
  while (world.clock.now() < deadline) {
    session.signal.throwIfAborted();
    const gone = exited;
    const instance = await session.instance();
    if (instance !== null && (await isReady(session, instance))) return instance;
    if (gone && instance === null)
      throw notStarted("ended before it was ready", config.files.serverLog, log.from);
    await world.clock.sleep(LOOK_EVERY_MS, session.signal);
  }
  throw notStarted(`was not ready within ${READY_WITHIN_MS / 1000} s`, config.files.serverLog, log.from);
}

/** What the command line was told about the server, for a process that reads only its environment. */
export function serverVariables({ config }: Pick<Session, "config">): Variables {
  const { settings, sources, dotenv } = config;
  return {
    ...dotenv,
    ...(sources.home.kind === "default" ? {} : { AGENCY_HOME: settings.home }),
    ...(sources.port.kind === "flag" ? { AGENCY_PORT: String(settings.port) } : {}),
    ...(sources.listen.kind === "flag" ? { AGENCY_LISTEN: settings.listen } : {}),
  };
}

async function isReady(session: Session, instance: Instance): Promise<boolean> {
  const client = session.clientFor({ url: instance.url, apiKey: readApiKey(session.config) });
  try {
    await client.ready({ signal: session.signal });
    return true;
  } catch {
    session.signal.throwIfAborted();
    return false;
  }
}

/** Where the new lines of the log will begin. */
function prepareLog(data: string, logFile: string): { from: number } {
  try {
    // The users of the database and of the sandboxes pass through it; what is secret is closed by itself.
    mkdirSync(data, { recursive: true, mode: 0o711 });
    mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 });
    const from = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
    if (from <= LARGEST_LOG_BYTES) return { from };
    renameSync(logFile, `${logFile}.1`);
    return { from: 0 };
  } catch (error) {
    throw new AgencyError("forbidden", `Agency cannot write to ${data}: ${reasonOf(error)}.`, {
      cause: error,
      next: "Set AGENCY_HOME to a folder that this user may write to.",
    });
  }
}

function notStarted(what: string, logFile: string, from: number): AgencyError {
  const lines = logTail(readFileSync(logFile).subarray(from).toString("utf8"));
  return new AgencyError("unavailable", [`The server ${what}.`, ...lines].join("\n"), {
    next: `Its log is ${logFile}; \`agency up\` starts it on this terminal.`,
  });
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

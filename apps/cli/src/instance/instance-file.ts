import { basename, dirname } from "node:path";
import { AgencyError, instanceSchema } from "@agency/contract";
import type { Instance } from "@agency/contract";
import { readTextIfThere } from "../config.ts";
import type { Config } from "../config.ts";
import type { ProcessInfo, World } from "../world.ts";

/** What the server wrote about itself, as long as the process that wrote it is alive. */
export async function findInstance(config: Config, world: World): Promise<Instance | null> {
  const instance = parseInstance(readOwned(config.files.instance));
  if (instance === null) return null;
  const process = await world.processes.inspect(instance.pid);
  return process !== null && wroteInstance(process, instance, world.serverEntry) ? instance : null;
}

export function readApiKey(config: Config): string | null {
  return readOwned(config.files.apiKey)?.trim() ?? null;
}

/** The clocks of boot time and file are read apart, and may be corrected in between. */
const CLOCK_SLACK_MS = 5000;

/**
 * Process ids are used again. The writer of the file runs our server and was started before it wrote;
 * a later process under the same number was started after.
 */
export function wroteInstance(process: ProcessInfo, instance: Instance, serverEntry: string): boolean {
  const entry = `${basename(dirname(dirname(serverEntry)))}/${basename(dirname(serverEntry))}/${basename(serverEntry)}`;
  const startedBefore = process.startedAtMs <= Date.parse(instance.startedAt) + CLOCK_SLACK_MS;
  return startedBefore && process.command.includes(entry);
}

function parseInstance(text: string | null): Instance | null {
  if (text === null) return null;
  try {
    const parsed = instanceSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function readOwned(path: string): string | null {
  try {
    return readTextIfThere(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AgencyError("forbidden", `${path} cannot be read: ${why}.`, {
      cause: error,
      next: "Run the command as the user who started Agency, or set AGENCY_URL and AGENCY_API_KEY.",
    });
  }
}

import { chmod, rm } from "node:fs/promises";
import { ProviderError } from "@agency/core";
import { removeGroups, wasOutOfMemory } from "./cgroup/groups.ts";
import type { LocalContext } from "./context.ts";
import { findChain, isAlive, kill } from "./processes.ts";
import type { ProcessId } from "./processes.ts";
import { readEnd, readProcesses, readRecord, writeJson } from "./records.ts";
import type { SandboxFolder } from "./sandbox-folder.ts";
import { releaseUids } from "./uid-claims.ts";

/** Killing takes milliseconds; only a process stuck in the kernel needs longer, and that may never end. */
const PATIENCE_MS = 10_000;
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 50;
/** A process in the middle of exec has no command line for a moment. */
const EMPTY_LOOKS = 2;

/**
 * Ends a sandbox from what is on the disk and in /proc alone, so any process of this machine can.
 * Resolves only when nothing of it runs any more; then gives back its uid and cgroups. The folder
 * stays, closed to everyone. The caller holds the sandbox's lock.
 */
export async function endSandbox(
  context: LocalContext,
  folder: SandboxFolder,
  signal: AbortSignal,
): Promise<void> {
  const record = await readRecord(folder);
  if (record === null) return;
  const until = context.clock.now() + PATIENCE_MS;
  await killChain(context, folder, record.marker, { until, signal });
  const oom = (await readEnd(folder))?.oom === true || (await wasOutOfMemory(record.cgroups));
  await removeGroups(record.cgroups, context.clock, until);
  // Nobody borrows from it any more.
  await rm(folder.mounts.readOnly, { recursive: true, force: true });
  await writeJson(folder.control.end, { at: new Date(context.clock.now()).toISOString(), oom });
  if (context.uids !== null) {
    // The uid goes to another sandbox now: it must not open this folder, should it ever get here.
    await chmod(folder.root, 0o700);
    await releaseUids(context.uids, folder.root);
  }
  context.logger.debug({ sandbox: folder.name }, "the sandbox has ended");
}

/**
 * When the sandbox's pid 1 dies the kernel kills everything else in its pid namespace, and keeps
 * pid 1 in the process table until that is done. So it is enough to see the chain go.
 */
async function killChain(
  context: LocalContext,
  folder: SandboxFolder,
  marker: string,
  bounds: { until: number; signal: AbortSignal },
): Promise<void> {
  const seen = new Map<string, ProcessId>();
  const recorded = await readProcesses(folder);
  if (recorded !== null)
    remember(seen, [recorded.holder, ...(recorded.init === null ? [] : [recorded.init])]);
  // The first round strikes at what is known; a look through all of /proc is only worth it afterwards.
  let emptyLooks = 0;
  for (let round = 0, wait = FIRST_WAIT_MS; ; round += 1, wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const looks = round > 0 || seen.size === 0;
    if (looks) remember(seen, await findChain(marker));
    const alive = await living([...seen.values()]);
    for (const { pid } of alive) kill(pid);
    emptyLooks = looks && alive.length === 0 ? emptyLooks + 1 : 0;
    if (emptyLooks === EMPTY_LOOKS) return;
    if (context.clock.now() > bounds.until || bounds.signal.aborted) throw stuck(folder, alive);
    await context.clock.sleep(wait, bounds.signal);
  }
}

function remember(seen: Map<string, ProcessId>, processes: readonly ProcessId[]): void {
  for (const process of processes) seen.set(`${process.pid}:${process.startedAt}`, process);
}

async function living(processes: readonly ProcessId[]): Promise<ProcessId[]> {
  const alive = await Promise.all(processes.map(isAlive));
  return processes.filter((_, index) => alive[index]);
}

function stuck(folder: SandboxFolder, alive: readonly ProcessId[]): ProviderError {
  const pids = alive.map(({ pid }) => pid).join(", ");
  return new ProviderError(
    "transient",
    `the sandbox ${folder.name} does not end (pids ${pids}): destroy it again`,
  );
}

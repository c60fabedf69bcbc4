import { readFile, readdir } from "node:fs/promises";
import { basename } from "node:path";

/** A pid alone proves nothing, it is used again; with its start time (in ticks since boot) it does. */
export interface ProcessId {
  readonly pid: number;
  readonly startedAt: string;
}

/** The programs that carry a sandbox's marker in their command line: the chain that holds it. */
const CHAIN = new Set(["timeout", "sh", "setpriv", "bwrap"]);
const AT_ONCE = 64;

/** All processes of this machine that hold the sandbox with this marker. */
export async function findChain(marker: string): Promise<ProcessId[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/u.test(name)).map(Number);
  const found: ProcessId[] = [];
  for (let from = 0; from < pids.length; from += AT_ONCE) {
    const some = await Promise.all(pids.slice(from, from + AT_ONCE).map((pid) => identifyChain(pid, marker)));
    found.push(...some.filter((process) => process !== null));
  }
  return found;
}

export async function isChainProcess(pid: number, marker: string): Promise<boolean> {
  return (await identifyChain(pid, marker)) !== null;
}

export async function identify(pid: number): Promise<ProcessId | null> {
  const stat = parseStat(await readProc(pid, "stat"));
  return stat === null ? null : { pid, startedAt: stat.startedAt };
}

/** A zombie is dead: only its parent has not asked yet. */
export async function isAlive(process: ProcessId): Promise<boolean> {
  const stat = parseStat(await readProc(process.pid, "stat"));
  if (stat === null || stat.startedAt !== process.startedAt) return false;
  return stat.state !== "Z" && stat.state !== "X";
}

export function kill(pid: number): void {
  // 0 and below name groups of processes, our own first; the kernel writes 0 for a process we cannot see.
  if (!(pid > 1)) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone by itself, which is what we wanted; whether it is really gone is checked by the caller.
  }
}

/** Field 2, the name, may hold spaces and brackets; everything is counted from the last bracket. */
export function parseStat(text: string | null): { state: string; startedAt: string } | null {
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  const startedAt = fields[19];
  return state === undefined || startedAt === undefined ? null : { state, startedAt };
}

export function isChainCommand(commandLine: string, marker: string): boolean {
  const words = commandLine.split("\0");
  return CHAIN.has(basename(words[0] ?? "")) && words.includes(marker);
}

/** Looked at twice, so that a pid which changes hands between the two reads is never taken for ours. */
async function identifyChain(pid: number, marker: string): Promise<ProcessId | null> {
  if (!(await carriesMarker(pid, marker))) return null;
  const process = await identify(pid);
  return process !== null && (await carriesMarker(pid, marker)) ? process : null;
}

async function carriesMarker(pid: number, marker: string): Promise<boolean> {
  const commandLine = await readProc(pid, "cmdline");
  return commandLine !== null && isChainCommand(commandLine, marker);
}

async function readProc(pid: number, file: string): Promise<string | null> {
  try {
    return await readFile(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return null;
  }
}

import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/**
 * A name for one life of a process, or null when it is not alive. A pid alone is not enough: pids are
 * used again, and a zombie still answers kill(pid, 0).
 */
export async function processLife(pid: number): Promise<string | null> {
  if (process.platform === "linux") return linuxLife(pid);
  const started = await ps(pid, "lstart=");
  return started === null ? null : `${pid}@${started}`;
}

/** Is this process the postmaster of that data folder? Anything we cannot verify is not. */
export async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  if (process.platform === "linux") return isLinuxPostmaster(pid, cluster);
  const command = await ps(pid, "command=");
  return command !== null && commandServes(command, cluster);
}

export function commandServes(command: string, cluster: string): boolean {
  return /(?:^|\/)postgres /.test(command) && `${command} `.includes(` -D ${cluster} `);
}

/** `stat` puts the program's name in brackets, and the name may hold spaces and brackets itself. */
export function parseStat(stat: string): { state: string; startTicks: string } | null {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks] = [fields[0], fields[19]];
  return state && startTicks ? { state, startTicks } : null;
}

async function linuxLife(pid: number): Promise<string | null> {
  try {
    const stat = parseStat(await readFile(`/proc/${pid}/stat`, "utf8"));
    if (stat === null || stat.state === "Z" || stat.state === "X") return null;
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    return `${pid}@${boot.trim()}:${stat.startTicks}`;
  } catch {
    return null;
  }
}

async function isLinuxPostmaster(pid: number, cluster: string): Promise<boolean> {
  try {
    // The binary may have been replaced under the running server, by an upgrade for example.
    const program = (await readlink(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, "");
    return basename(program) === "postgres" && (await readlink(`/proc/${pid}/cwd`)) === cluster;
  } catch {
    return false;
  }
}

async function ps(pid: number, column: string): Promise<string | null> {
  try {
    const { stdout } = await execute("ps", ["-ww", "-o", `state=,${column}`, "-p", String(pid)]);
    const [state = "Z", ...rest] = stdout.trim().split(/\s+/);
    return state.startsWith("Z") || rest.length === 0 ? null : rest.join(" ");
  } catch {
    return null;
  }
}

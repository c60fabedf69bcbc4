import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "@agency/postgres";

/** What a test does to a sandbox from outside: it lets what waits inside go on, and it ends it. */
export interface SandboxUnderTest {
  readonly name: string;
  /** What is `/home/agent` inside. */
  readonly home: string;
  readonly folder: string;
}

/** The newest sandbox of a task, by the database's own record. */
export async function sandboxOf(db: Database, agencyHome: string, taskId: string): Promise<SandboxUnderTest> {
  const { rows } = await db.query<{ name: string | null }>(
    `select ref->>'nativeId' as name from sandboxes where task_id = $1 order by created_at desc limit 1`,
    [taskId],
  );
  const name = rows[0]?.name;
  if (!name) throw new Error(`task ${taskId} has no sandbox`);
  const folder = join(agencyHome, "sandboxes", name);
  return { name, folder, home: join(folder, "home") };
}

/** The first process inside: with it the kernel ends every other. */
export function initOf({ folder }: SandboxUnderTest): number {
  const status = readFileSync(join(folder, "control", "status.json"), "utf8");
  const pid = Number(/"child-pid": *(\d+)/.exec(status)?.[1]);
  if (!(pid > 1)) throw new Error(`the sandbox in ${folder} has no process`);
  return pid;
}

/** The runner is the one below the first process that runs the runner's file. */
export function runnerOf(sandbox: SandboxUnderTest): number {
  const runner = processesOf(initOf(sandbox)).find((pid) => contents(pid, "cmdline").includes("runner.mjs"));
  if (runner === undefined) throw new Error(`no runner lives in ${sandbox.folder}`);
  return runner;
}

/** Ends it as a crash would, and fails when there was nothing left to end. */
export function killHard(pid: number): void {
  if (!isAlive(pid)) throw new Error(`process ${pid} had ended before it was killed`);
  process.kill(pid, "SIGKILL");
}

export function isAlive(pid: number): boolean {
  const state = /^\d+ \(.*\) (\w)/s.exec(contents(pid, "stat"))?.[1];
  return state !== undefined && state !== "Z" && state !== "X";
}

/** A process and everything below it. */
export function processesOf(pid: number): number[] {
  const children = contents(pid, `task/${pid}/children`).trim().split(" ").filter(Boolean).map(Number);
  return [pid, ...children.flatMap(processesOf)];
}

function contents(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}

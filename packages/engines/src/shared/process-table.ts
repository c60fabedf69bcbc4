import { readdirSync, readFileSync } from "node:fs";

export interface ProcessRow {
  pid: number;
  ppid: number;
  pgid: number;
}

/** Every living process this one can see. Empty where there is no /proc; zombies are dead and left out. */
export function readProcessTable(): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const name of listPids()) {
    const row = parseStat(readProc(name, "stat").toString("latin1"));
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

/** The name of a program may hold spaces and brackets, so the fields are counted from the last bracket. */
export function parseStat(stat: string): ProcessRow | undefined {
  const open = stat.indexOf("(");
  const close = stat.lastIndexOf(")");
  if (open === -1 || close === -1) return undefined;
  const [state, ppid, pgid] = stat.slice(close + 2).split(" ");
  if (state === "Z" || state === "X") return undefined;
  const row = { pid: Number(stat.slice(0, open)), ppid: Number(ppid), pgid: Number(pgid) };
  return Number.isInteger(row.pid) && Number.isInteger(row.ppid) && Number.isInteger(row.pgid)
    ? row
    : undefined;
}

/** Whether the process was started with this variable in its environment. False for what we may not read. */
export function wasStartedWith(pid: number, variable: string): boolean {
  const entry = Buffer.from(`${variable}\0`);
  const environ = readProc(String(pid), "environ");
  const at = environ.indexOf(entry);
  return at === 0 || (at > 0 && environ[at - 1] === 0);
}

/** `root` itself and everything below it. */
export function descendants(rows: readonly ProcessRow[], root: number): Set<number> {
  const found = new Set([root]);
  // A table is not sorted by age, so go over it until nothing new is found; trees are a few levels deep.
  for (let before = 0; before !== found.size;) {
    before = found.size;
    for (const row of rows) if (found.has(row.ppid)) found.add(row.pid);
  }
  return found;
}

function listPids(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/u.test(name));
  } catch {
    return [];
  }
}

function readProc(pid: string, file: "stat" | "environ"): Buffer {
  try {
    return readFileSync(`/proc/${pid}/${file}`);
  } catch {
    // It ended between the listing and the reading, or it belongs to someone else.
    return Buffer.alloc(0);
  }
}

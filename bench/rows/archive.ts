import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Agency } from "../../e2e/support/agency.ts";
import { listWorkspace } from "../../apps/runner/src/delivery/archive/list-workspace.ts";
import { writeArchive } from "../../apps/runner/src/delivery/archive/write-archive.ts";
import { WorkRoom } from "../../apps/runner/src/testing/work-room.ts";
import { ms, times } from "../row.ts";
import type { Bench, Row } from "../row.ts";
import { interleave, median } from "../stats.ts";

const FILES = 6_000;
const MiB = 1024 * 1024;
const WORKSPACE_BYTES = 125 * MiB;
const TARGET = 1.5;
/** What a server that made the archive itself would spend many times over. */
const SERVER_SHARE = 0.5;
const CLOCK_TICK_MS = 10;

/** The workspace's archive as the runner makes it, and what taking it costs the server. */
export const archiveBench: Bench = async ({ quick }) => [
  await archiveRow(quick ? 5 : 11),
  await serverRow(quick ? 2 : 4),
];

async function archiveRow(rounds: number): Promise<Row> {
  const room = await WorkRoom.open({});
  try {
    fill(room.workspace);
    const samples = await interleave(rounds, {
      ours: () => timed(() => archive(room)),
      theirs: () => timed(async () => tarAndZstd(room.workspace, join(room.root, "peer.tar.zst"))),
    });
    const [a, b] = [median(samples["ours"]?.slice(1) ?? []), median(samples["theirs"]?.slice(1) ?? [])];
    return {
      what: `archive of ${FILES.toLocaleString("en")} files, 125 MB`,
      against: "tar | zstd -1",
      ours: ms(a),
      theirs: ms(b),
      ratio: times(a / b),
      target: `≤ ${TARGET}×`,
      met: a / b <= TARGET,
    };
  } finally {
    await room.close();
  }
}

/** Text that compresses as sources do, a fifth of the bytes in files that do not. */
function fill(workspace: string): void {
  const words = Array.from({ length: 4_000 }, () => randomBytes(4).toString("hex").slice(0, 7));
  const perFile = Math.floor((WORKSPACE_BYTES * 0.8) / FILES);
  for (let n = 0; n < FILES; n += 1) {
    const folder = join(workspace, `d${n % 100}`, `e${n % 7}`);
    mkdirSync(folder, { recursive: true });
    const text = Array.from({ length: perFile / 8 }, (_, i) => words[(n * 31 + i * i) % words.length]);
    writeFileSync(join(folder, `f${n}.ts`), text.join(" "));
  }
  for (let n = 0; n < 5; n += 1) writeFileSync(join(workspace, `picture-${n}.bin`), randomBytes(5 * MiB));
}

async function archive(room: WorkRoom): Promise<void> {
  const { workspace, signal } = room;
  const listing = await listWorkspace(room.parts.git, workspace, signal);
  if (!listing.ok) throw new Error(listing.problem);
  const limits = { maxBytes: 2 ** 31, maxFiles: 200_000, now: 0 };
  const to = join(room.root, "archive.tar.zst");
  await writeArchive({ workspace, ...listing, ...limits, to, signal });
}

function tarAndZstd(workspace: string, to: string): void {
  const script = `tar -C ${workspace} --exclude=.git -cf - . | zstd -q -1 -f -o ${to}`;
  if (spawnSync("sh", ["-c", script]).status !== 0) throw new Error("apt-get install tar zstd");
}

async function serverRow(rounds: number): Promise<Row> {
  await using agency = await Agency.start();
  const large = `head -c ${WORKSPACE_BYTES} /dev/urandom > large.bin`;
  let storedMb = 0;
  const samples = await interleave(rounds, {
    large: async () => {
      const { spentMs, stored } = await taking(agency, large);
      storedMb = stored / 1e6;
      return spentMs;
    },
    small: async () => (await taking(agency, "echo small > small.txt")).spentMs,
  });
  const spent = median(samples["large"] ?? []) - median(samples["small"] ?? []);
  const own = await compressing(join(agency.home, "bench.bin"));
  return {
    what: `server's processor time for taking ${Math.round(storedMb)} MB: archive and checkpoint of 125 MB`,
    against: "zstd -1 of 125 MB on the server",
    ours: `${ms(spent)}, ${(spent / storedMb).toFixed(1)} ms a MB`,
    theirs: ms(own),
    ratio: times(spent / own),
    target: `≤ ${SERVER_SHARE}×`,
    met: spent / own <= SERVER_SHARE,
  };
}

/** What a run costs the server, and how many bytes it was sent of it. */
async function taking(agency: Agency, command: string): Promise<{ spentMs: number; stored: number }> {
  const from = cpuMs(agency.pid);
  const { id } = await agency.client.createTask({ prompt: "Do it.", engine: "command", command });
  const { task, events } = await agency.finished(id);
  const spentMs = cpuMs(agency.pid) - from;
  if (task.state !== "completed") throw new Error(await agency.story(id));
  await agency.client.deleteTask(id);
  const stored = events.reduce((sum, { type, data }) => {
    const isStored = type === "checkpoint" || type === "artifact";
    return sum + (isStored ? (data.bytes ?? 0) : 0);
  }, 0);
  return { spentMs, stored };
}

/** User and system time of the process with all its threads. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
}

async function compressing(path: string): Promise<number> {
  writeFileSync(path, randomBytes(WORKSPACE_BYTES));
  const script = `{ time zstd -q -1 -f ${path} -o ${path}.zst; } 2>&1`;
  const { stdout } = spawnSync("bash", ["-c", `TIMEFORMAT='%U %S'; ${script}`], { encoding: "utf8" });
  const [user = 0, system = 0] = stdout.trim().split(" ").map(Number);
  if (statSync(`${path}.zst`).size === 0) throw new Error("zstd wrote nothing");
  return (user + system) * 1000;
}

async function timed(run: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await run();
  return performance.now() - from;
}

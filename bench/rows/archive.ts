import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

/** The workspace's archive as the runner makes it. */
export const archiveBench: Bench = async ({ quick }) => {
  const rounds = quick ? 5 : 11;
  const room = await WorkRoom.open({});
  try {
    fill(room.workspace);
    const samples = await interleave(rounds, {
      ours: () => timed(() => archive(room)),
      theirs: () => timed(async () => tarAndZstd(room.workspace, join(room.root, "peer.tar.zst"))),
    });
    const [a, b] = [median(samples["ours"]?.slice(1) ?? []), median(samples["theirs"]?.slice(1) ?? [])];
    const row: Row = {
      what: `archive of ${FILES.toLocaleString("en")} files, 125 MB`,
      against: "tar | zstd -1",
      ours: ms(a),
      theirs: ms(b),
      ratio: times(a / b),
      target: `≤ ${TARGET}×`,
      met: a / b <= TARGET,
    };
    return [row];
  } finally {
    await room.close();
  }
};

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

async function timed(run: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await run();
  return performance.now() - from;
}

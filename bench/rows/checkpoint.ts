import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLabWorkspace } from "../../apps/runner/src/testing/checkpoint-lab.ts";
import type { LabWorkspace } from "../../apps/runner/src/testing/checkpoint-lab.ts";
import { git } from "../../apps/runner/src/testing/git-server.ts";
import { ms, times } from "../row.ts";
import type { Bench } from "../row.ts";
import { interleave, median } from "../stats.ts";

const FILES = 6000;
const FILE_BYTES = 34_000;
const TARGET_MS = 300;

/** Files, commits and session in one verified file, against what plain git needs to commit and bundle the same. */
export const checkpointBench: Bench = async ({ quick }) => {
  const root = mkdtempSync(join(tmpdir(), "agency-bench-checkpoint-"));
  try {
    const origin = join(root, "origin");
    makeRepository(origin);
    const lab = await openLabWorkspace(join(root, "lab"), { url: `file://${origin}` });
    const peer = join(root, "peer");
    git(root, "clone", "--quiet", `file://${origin}`, peer);
    const samples = await interleave(quick ? 5 : 15, {
      ours: () => timed(() => checkpoint(lab)),
      theirs: () => timed(async () => commitAndBundle(peer, join(root, "peer.bundle"), lab.base)),
    });
    const [a, b] = [median(samples["ours"]?.slice(1) ?? []), median(samples["theirs"]?.slice(1) ?? [])];
    return [
      {
        what: `checkpoint of a small change, ${FILES.toLocaleString("en")} files, 200 MB`,
        against: "git add, commit, bundle",
        ours: ms(a),
        theirs: ms(b),
        ratio: times(a / b),
        target: `≤ ${TARGET_MS} ms`,
        met: a <= TARGET_MS,
      },
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};

function makeRepository(folder: string): void {
  mkdirSync(folder);
  git(folder, "init", "--quiet", "-b", "main");
  for (let n = 0; n < FILES; n += 1) {
    const below = join(folder, `d${n % 100}`, `e${n % 7}`);
    mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `f${n}.txt`), randomBytes(FILE_BYTES / 2).toString("hex"));
  }
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "-m", "base");
}

async function checkpoint(lab: LabWorkspace): Promise<void> {
  appendFileSync(join(lab.workspace, "d1", "e1", "f1.txt"), "a small change\n");
  const files = [{ path: "session.jsonl", bytes: Buffer.alloc(400_000, "a line of a transcript\n") }];
  const captured = await lab.take("before", { sessionId: "bench", engineVersion: "1", files });
  if (captured === null) throw new Error("There was nothing to take.");
}

function commitAndBundle(folder: string, bundle: string, base: string): void {
  appendFileSync(join(folder, "d1", "e1", "f1.txt"), "a small change\n");
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "-m", "a small change");
  git(folder, "bundle", "create", "--quiet", bundle, "main", `^${base}`);
}

async function timed(run: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await run();
  return performance.now() - from;
}

import { randomBytes } from "node:crypto";
import type { ArtifactStore, CheckpointRow, RepositoryObjects, TaskStore } from "@agency/core";
import { listCheckpointFiles, readCheckpointFile } from "../artifacts/checkpoint-files.ts";
import { createCheckpointLists } from "../artifacts/checkpoint-lists.ts";
import { createFileLanes } from "../artifacts/reading-lanes.ts";
import { MemoryBlobs } from "./memory-blobs.ts";
import { MemoryTask } from "./memory-task.ts";
import { checkpointTar, packBlobs, packList } from "./sample-checkpoint.ts";
import { sampleTask } from "./sample-task.ts";

export const MiB = 1024 * 1024;
export const small = Buffer.from("the small one\n");
export const empty = Buffer.alloc(0);
export const large = randomBytes(3 * MiB);
const { bundle: made, blobs } = packBlobs([small, empty, large]);
export const bundle = made;
export const [SMALL, EMPTY, LARGE] = blobs;
export const ELSEWHERE = "e".repeat(40);

export const file = (path: string, more: object) => ({
  path,
  kind: "file",
  mode: 0o644,
  object: ELSEWHERE,
  ...more,
});
export const ENTRIES: object[] = [
  file("src/small.txt", { ...SMALL, bytes: small.length, change: "modified" }),
  file("src/empty", { ...EMPTY, bytes: 0, change: "added" }),
  { path: "src/gone", change: "deleted" },
  file("large.bin", { ...LARGE, bytes: large.length, mode: 0o755, change: "added" }),
  file("same.txt", { bytes: 4 }),
  file("link", { kind: "link", mode: 0o777, target: "../x", change: "added" }),
];

interface Ground {
  list: Buffer | null;
  tar: Buffer;
  objects: RepositoryObjects | null;
  repository: string;
}

export function setUp(entries: readonly object[] = ENTRIES, change: Partial<Ground> = {}) {
  const storage = new MemoryBlobs();
  const tar =
    change.tar ?? checkpointTar(bundle, change.list === undefined ? packList(entries) : change.list);
  storage.objects.set("c", tar);
  const row = { key: "c", bytes: tar.length, sha256: "" } as CheckpointRow;
  const memory = new MemoryTask(sampleTask());
  const repository = change.repository === undefined ? null : { url: change.repository };
  const get = async (accountId: string, id: string) => {
    const task = await memory.get(accountId, id);
    return task && { ...task, repository };
  };
  const deps = {
    tasks: { get } as unknown as TaskStore,
    artifacts: {
      checkpoint: async (_: string, number: number) => (number === 1 ? row : null),
    } as unknown as ArtifactStore,
    storage,
    lists: createCheckpointLists(storage),
    lanes: createFileLanes(),
    objects: change.objects ?? null,
  };
  const list = (query: Partial<Parameters<typeof listCheckpointFiles>[4]> = {}, number = 1) =>
    listCheckpointFiles(deps, "a", "t", number, { prefix: "", limit: 10, ...query });
  const read = async (path: string) => {
    const { bytes, name, open } = await readCheckpointFile(deps, "a", "t", 1, path);
    return { bytes, name, content: Buffer.from(await new Response(await open()).arrayBuffer()) };
  };
  return { storage, deps, list, read };
}

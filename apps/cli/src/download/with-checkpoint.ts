import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isAgencyError } from "@agency/contract";
import type { Checkpoint } from "@agency/contract";
import type { Client } from "@agency/client";
import type { Session } from "../session.ts";

const MOST_TRIES = 5;
const WAIT_MS = 500;

type Stored = Pick<Checkpoint, "number" | "bytes" | "sha256">;

/** Works on a checkpoint as a file that nobody else can see, and takes it away afterwards. */
export async function withCheckpoint<T>(
  session: Session,
  client: Client,
  taskId: string,
  checkpoint: Stored,
  work: (path: string, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(session.world.tempDir, "agency-checkpoint-"));
  try {
    const path = join(folder, "checkpoint.tar");
    await download(session, client, taskId, checkpoint, path);
    return await work(path, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function download(
  { world, signal }: Session,
  client: Client,
  taskId: string,
  checkpoint: Stored,
  path: string,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const newHash = () => createHash("sha256");
      const { body } = await client.checkpointContent(taskId, checkpoint, newHash, { signal });
      return await pipeline(body, createWriteStream(path, { mode: 0o600 }));
    } catch (error) {
      signal.throwIfAborted();
      if (!isAgencyError(error) || error.code !== "unavailable" || tries >= MOST_TRIES) throw error;
      await world.clock.sleep(WAIT_MS * 2 ** tries, signal);
    }
  }
}

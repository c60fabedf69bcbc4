import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { constants } from "node:fs";
import { open, rm, truncate } from "node:fs/promises";
import { isAgencyError } from "@agency/contract";
import type { Artifact } from "@agency/contract";
import type { Client } from "@agency/client";
import type { Session } from "../session.ts";

/** A broken connection is taken up this often before the person is asked to. */
const MOST_BREAKS = 5;
const WAIT_MS = 500;

/**
 * Fills `path` with an artifact, going on where an earlier download stopped. Afterwards the file holds exactly the
 * bytes that were stored; what does not match is removed.
 */
export async function download(
  session: Session,
  client: Client,
  taskId: string,
  artifact: Artifact,
  path: string,
): Promise<void> {
  for (let breaks = 0; ; breaks++) {
    try {
      return await downloadOnce(session, client, taskId, artifact, path);
    } catch (error) {
      session.signal.throwIfAborted();
      const code = isAgencyError(error) ? error.code : null;
      // Damaged bytes would be kept by every further try.
      if (code === "upstream_failed") await rm(path, { force: true });
      if (code !== "unavailable" || breaks >= MOST_BREAKS) throw error;
      await session.world.clock.sleep(WAIT_MS * 2 ** breaks, session.signal);
    }
  }
}

async function downloadOnce(
  { signal }: Session,
  client: Client,
  taskId: string,
  artifact: Artifact,
  path: string,
): Promise<void> {
  const resume = await openBeginning(path, artifact.bytes);
  const content = await client.artifactContent(taskId, artifact, newHash, { resume, signal });
  if (content.from < resume.from) await truncate(path, content.from);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600);
  try {
    for await (const bytes of content.body) await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

const newHash = (): Hash => createHash("sha256");

/** What is there already. A whole file is fetched again: there is no range behind its end. */
async function openBeginning(path: string, whole: number): Promise<{ from: number; hash: Hash }> {
  const hash = createHash("sha256");
  let from = 0;
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    // The stream closes the file.
    for await (const piece of file.createReadStream()) {
      hash.update(piece as Buffer);
      from += (piece as Buffer).length;
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  if (from < whole) return { from, hash };
  await rm(path, { force: true });
  return { from: 0, hash: createHash("sha256") };
}

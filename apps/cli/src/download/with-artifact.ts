import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Artifact } from "@agency/contract";
import type { Client } from "@agency/client";
import type { Session } from "../session.ts";
import { download } from "./download.ts";

/** Works on an artifact as a file that nobody else can see, and takes it away afterwards. */
export async function withArtifact<T>(
  session: Session,
  client: Client,
  taskId: string,
  artifact: Artifact,
  work: (path: string, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(session.world.tempDir, "agency-work-"));
  try {
    const path = join(folder, "artifact");
    await download(session, client, taskId, artifact, path);
    return await work(path, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

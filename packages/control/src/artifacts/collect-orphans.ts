import type { ArtifactStore } from "@agency/core";
import type { BlobStorage } from "./blob-storage.ts";

const BATCH = 100;
const RETRY_MS = 10 * 60_000;

export interface CollectOrphansDeps {
  artifacts: Pick<ArtifactStore, "orphans" | "forget" | "postpone">;
  storage: Pick<BlobStorage, "delete">;
}

/**
 * Deletes the objects no blob is made of: of replaced and deleted blobs, and of uploads that came to nothing. One that
 * cannot be deleted holds up no other: it is tried again later, and the first such error is thrown at the end.
 */
export async function collectOrphans(deps: CollectOrphansDeps, signal: AbortSignal): Promise<number> {
  const { artifacts } = deps;
  let collected = 0;
  let failure: { error: unknown } | null = null;
  while (!signal.aborted) {
    const orphans = await artifacts.orphans(BATCH);
    const round = await deleteAll(deps, orphans, signal);
    await artifacts.forget(round.deleted);
    if (round.failed.length > 0) await artifacts.postpone(round.failed, RETRY_MS);
    collected += round.deleted.length;
    failure ??= round.failure;
    if (orphans.length < BATCH) break;
  }
  if (failure !== null) throw failure.error;
  return collected;
}

async function deleteAll(
  { storage }: CollectOrphansDeps,
  orphans: readonly { key: string }[],
  signal: AbortSignal,
) {
  const deleted: string[] = [];
  const failed: string[] = [];
  let failure: { error: unknown } | null = null;
  for (const { key } of orphans) {
    if (signal.aborted) break;
    try {
      await storage.delete(key);
      deleted.push(key);
    } catch (error) {
      failed.push(key);
      failure ??= { error };
    }
  }
  return { deleted, failed, failure };
}

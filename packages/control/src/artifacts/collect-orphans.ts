import type { ArtifactStore } from "@agency/core";
import type { BlobStorage } from "./blob-storage.ts";

const BATCH = 100;

/** Deletes the objects no blob is made of: of replaced and deleted blobs, and of uploads that came to nothing. */
export async function collectOrphans(
  deps: { artifacts: Pick<ArtifactStore, "orphans" | "forget">; storage: Pick<BlobStorage, "delete"> },
  signal: AbortSignal,
): Promise<number> {
  let collected = 0;
  while (!signal.aborted) {
    const orphans = await deps.artifacts.orphans(BATCH);
    const keys = orphans.map(({ key }) => key);
    for (const key of keys) await deps.storage.delete(key);
    await deps.artifacts.forget(keys);
    collected += keys.length;
    if (keys.length < BATCH) break;
  }
  return collected;
}

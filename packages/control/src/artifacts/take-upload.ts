import { randomUUID } from "node:crypto";
import { AgencyError, MAX_UPLOAD_BYTES } from "@agency/contract";
import type { Upload } from "@agency/contract";
import type { UploadStore } from "@agency/core";
import type { BlobStorage } from "./blob-storage.ts";
import { atMost } from "./take-blob.ts";

const HOUR_MS = 3_600_000;

/** `accountBytes` and `accountUploads`: of those no task was started from yet. */
export const UPLOAD_LIMITS = {
  bytes: MAX_UPLOAD_BYTES,
  accountBytes: 4 * MAX_UPLOAD_BYTES,
  accountUploads: 100,
  sendMs: HOUR_MS,
  keptMs: 24 * HOUR_MS,
};

export interface TakeUploadDeps {
  uploads: Pick<UploadStore, "announce" | "add" | "abandon">;
  storage: Pick<BlobStorage, "write">;
  limits: typeof UPLOAD_LIMITS;
  now: () => number;
}

/** Streams what somebody sends into storage. It stays bytes here: only a sandbox ever looks into it. */
export async function takeUpload(
  deps: TakeUploadDeps,
  accountId: string,
  told: { bytes: number; sha256: string },
  body: AsyncIterable<Uint8Array>,
): Promise<Upload> {
  const { uploads, storage, limits } = deps;
  const { bytes, sha256 } = told;
  const id = randomUUID();
  const key = `uploads/${id}`;
  await announce(deps, { id, accountId, key, bytes, sha256 });
  try {
    await storage.write(key, atMost(body, bytes), { bytes, sha256, mediaType: "application/x-tar" });
    const at = deps.now();
    const expiresAt = at + limits.keptMs;
    if (!(await uploads.add({ id, accountId, key, bytes, sha256, at, expiresAt })))
      throw new AgencyError("conflict", "The upload took too long.", { next: "Send it again." });
    return { id, bytes, sha256, expiresAt: new Date(expiresAt).toISOString() };
  } catch (error) {
    // Best effort: what is not said now is collected when the upload's time is over.
    await uploads.abandon(key).catch(() => undefined);
    throw error;
  }
}

async function announce(
  { uploads, limits }: TakeUploadDeps,
  upload: { id: string; accountId: string; key: string; bytes: number; sha256: string },
): Promise<void> {
  if (upload.bytes > limits.bytes) {
    throw new AgencyError(
      "payload_too_large",
      `An upload may have ${limits.bytes} bytes, and this one has ${upload.bytes}.`,
      { next: "Leave out what can be made again, with .gitignore." },
    );
  }
  const { sendMs: lastsMs, accountBytes: maxBytes, accountUploads: maxUploads } = limits;
  if ((await uploads.announce({ ...upload, lastsMs, maxBytes, maxUploads })) === "announced") return;
  throw new AgencyError("too_many_requests", "There are too many uploads that no task was started from.", {
    next: "Start tasks from them, or try again tomorrow: unused ones are kept for a day.",
  });
}

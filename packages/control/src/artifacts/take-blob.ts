import { createHash, randomUUID } from "node:crypto";
import { AgencyError, isAgencyError } from "@agency/contract";
import type { BlobHeader } from "@agency/contract";
import type { ArtifactStore, AttemptAccess, Upload } from "@agency/core";
import { fencedError } from "../uplink/runner-access.ts";
import type { BlobStorage } from "./blob-storage.ts";
import { noRoomError } from "./no-room.ts";
import { steadyBody } from "./steady-body.ts";
import type { UploadAdmission } from "./upload-lanes.ts";

const GiB = 1024 ** 3;
const DAY_MS = 86_400_000;

export const BLOB_LIMITS = { blobBytes: 2 * GiB, taskBytes: 8 * GiB, taskBlobs: 2_000, lastsMs: DAY_MS };

export interface TakeBlobDeps extends UploadAdmission {
  artifacts: Pick<ArtifactStore, "announce" | "addBlob" | "abandon">;
  storage: Pick<BlobStorage, "write">;
  limits: typeof BLOB_LIMITS;
}

/** Streams a runner's bytes into storage; a blob is made of them only when they are what was announced. */
export async function takeBlob(
  deps: TakeBlobDeps,
  access: AttemptAccess,
  header: BlobHeader,
  body: AsyncIterable<Uint8Array>,
): Promise<{ id: string }> {
  const leave = deps.lanes.enter(access.attemptId, access.accountId);
  try {
    return await store(deps, access, header, body);
  } finally {
    leave();
  }
}

async function store(
  deps: TakeBlobDeps,
  access: AttemptAccess,
  header: BlobHeader,
  body: AsyncIterable<Uint8Array>,
): Promise<{ id: string }> {
  const { kind, name, bytes, sha256 } = header;
  const { taskId, epoch } = access;
  const mediaType = plainType(header.mediaType);
  const id = randomUUID();
  const again = `tasks/${taskId}/blobs/${placeOf(header)}-`;
  const key = `${again}${id}`;
  await announce(deps, access, { key, again, bytes });
  try {
    const sent = atMost(steadyBody(body, deps.clock, deps.limits.lastsMs), bytes);
    await deps.storage.write(key, sent, { bytes, sha256, mediaType });
    const at = deps.clock.now();
    const row = { id, taskId, epoch, kind, name, key, bytes, sha256, mediaType, at };
    if (!(await deps.artifacts.addBlob(row))) throw fencedError(epoch);
  } catch (error) {
    // Best effort: what is not said now is collected when the upload's time is over.
    await deps.artifacts.abandon(key).catch(() => undefined);
    throw error;
  }
  return { id };
}

/** A runner sends one file of this kind and name at a time. */
function placeOf({ kind, name }: BlobHeader): string {
  return createHash("sha256").update(`${kind}\0${name}`).digest("hex").slice(0, 16);
}

async function announce(
  { artifacts, limits, accountBytes }: TakeBlobDeps,
  { taskId, epoch }: AttemptAccess,
  { key, again, bytes }: Pick<Upload, "key" | "again" | "bytes">,
): Promise<void> {
  if (bytes > limits.blobBytes) throw tooLarge(`A file of ${bytes} bytes`, limits.blobBytes, "one file");
  const { lastsMs, taskBytes: maxTaskBytes, taskBlobs: maxTaskBlobs } = limits;
  const verdict = await artifacts.announce({
    taskId,
    epoch,
    key,
    again,
    bytes,
    lastsMs,
    maxTaskBytes,
    maxTaskBlobs,
    ...(accountBytes === null ? {} : { maxAccountBytes: accountBytes }),
  });
  if (verdict === "fenced") throw fencedError(epoch);
  if (verdict === "no_room") throw noRoomError(bytes, accountBytes ?? 0);
  if (verdict === "full") throw tooLarge(`Another ${bytes} bytes`, maxTaskBytes, "all files of a task");
}

function tooLarge(what: string, most: number, of: string): AgencyError {
  return new AgencyError(
    "payload_too_large",
    `${what} cannot be kept: ${most} bytes is the most for ${of}.`,
    {
      next: "Leave out what can be made again, with .gitignore.",
    },
  );
}

/** Storage would find out at the end; nobody must fill the disk until then. */
export async function* atMost(body: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let seen = 0;
  try {
    for await (const chunk of body) {
      seen += chunk.length;
      if (seen > bytes)
        throw new AgencyError("invalid_request", `More than the announced ${bytes} bytes came.`);
      yield chunk;
    }
  } catch (cause) {
    if (isAgencyError(cause)) throw cause;
    throw new AgencyError("invalid_request", "The body broke off.", { cause });
  }
}

/** It will be a header of an answer one day. */
function plainType(given: string): string {
  return /^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(given) ? given : "application/octet-stream";
}

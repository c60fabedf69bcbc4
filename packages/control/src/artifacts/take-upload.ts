import { randomUUID } from "node:crypto";
import { AgencyError, MAX_UPLOAD_BYTES } from "@agency/contract";
import type { DirectUpload, Upload } from "@agency/contract";
import type { Storage, UploadRow, UploadStore } from "@agency/core";
import { noRoomError } from "./no-room.ts";
import { steadyBody } from "./steady-body.ts";
import { atMost } from "./take-blob.ts";
import type { UploadAdmission } from "./upload-lanes.ts";

const HOUR_MS = 3_600_000;

/** `accountBytes` and `accountUploads`: of those no task was started from yet. */
export const UPLOAD_LIMITS = {
  bytes: MAX_UPLOAD_BYTES,
  accountBytes: 4 * MAX_UPLOAD_BYTES,
  accountUploads: 100,
  sendMs: HOUR_MS,
  keptMs: 24 * HOUR_MS,
};

export interface TakeUploadDeps extends UploadAdmission {
  uploads: UploadStore;
  storage: Pick<Storage, "write" | "signPut" | "compare">;
  limits: typeof UPLOAD_LIMITS;
}

type Told = Pick<Upload, "bytes" | "sha256">;
type Announced = Pick<UploadRow, "id" | "accountId" | "key" | "bytes" | "sha256">;

/** Streams what somebody sends into storage. It stays bytes here: only a sandbox ever looks into it. */
export async function takeUpload(
  deps: TakeUploadDeps,
  accountId: string,
  told: Told,
  body: AsyncIterable<Uint8Array>,
): Promise<Upload> {
  const leave = deps.lanes.enter(accountId);
  try {
    const upload = await announce(deps, accountId, told, deps.limits.sendMs);
    const { key, bytes, sha256 } = upload;
    return await orAbandon(deps, key, async () => {
      const sent = atMost(steadyBody(body, deps.clock, deps.limits.sendMs), bytes);
      await deps.storage.write(key, sent, { bytes, sha256, mediaType: "application/x-tar" });
      return keep(deps, upload);
    });
  } finally {
    leave();
  }
}

/** Where somebody may send it without passing through us; null: the storage takes nothing from outside. */
export async function offerUpload(
  deps: TakeUploadDeps,
  accountId: string,
  told: Told,
): Promise<DirectUpload | null> {
  const { sendMs: expiresMs } = deps.limits;
  // What was begun in time may arrive a little late, and is still to be collected then.
  const upload = await announce(deps, accountId, told, 2 * expiresMs);
  const { id, key, bytes, sha256 } = upload;
  return orAbandon(deps, key, async () => {
    const at = deps.clock.now();
    const address = await deps.storage.signPut(key, { expiresMs, bytes, sha256 });
    if (address === null) return null;
    return { id, ...address, expiresAt: new Date(at + expiresMs).toISOString() };
  });
}

/** What was sent past us counts once the storage has been asked what it got. Again, it is the same one. */
export async function finishUpload(deps: TakeUploadDeps, accountId: string, id: string): Promise<Upload> {
  const { uploads } = deps;
  const taken = await uploads.unused(accountId, id);
  if (taken !== null) return shown(taken);
  const upload = await uploads.announced(accountId, id);
  if (upload === null)
    throw new AgencyError("not_found", `There is no upload ${id} to finish.`, { next: "Send it again." });
  const verdict = await compared(deps, upload);
  if (verdict === "same") return keep(deps, upload);
  if (verdict === "missing")
    throw new AgencyError("conflict", `The bytes of upload ${id} have not arrived.`, {
      next: "Send them to the address it was given, then finish it.",
    });
  await uploads.abandon(upload.key);
  throw new AgencyError("invalid_request", `What arrived for upload ${id} is not what was announced.`, {
    next: "Send it again, whole.",
  });
}

/** Some storages can only be asked by reading all of it. */
async function compared({ lanes, storage }: TakeUploadDeps, upload: Announced) {
  const leave = lanes.enter(upload.accountId);
  try {
    return await storage.compare(upload.key, upload);
  } finally {
    leave();
  }
}

async function keep({ uploads, limits, clock }: TakeUploadDeps, upload: Announced): Promise<Upload> {
  const at = clock.now();
  const row = { ...upload, at, expiresAt: at + limits.keptMs };
  if (await uploads.add(row)) return shown(row);
  // Told twice at once: the other one was faster.
  const taken = await uploads.unused(upload.accountId, upload.id);
  if (taken !== null) return shown(taken);
  throw new AgencyError("conflict", "The upload took too long.", { next: "Send it again." });
}

function shown({ id, bytes, sha256, expiresAt }: UploadRow): Upload {
  return { id, bytes, sha256, expiresAt: new Date(expiresAt).toISOString() };
}

/** Nothing or an error: its object is collected, and its room is free again. */
async function orAbandon<T>({ uploads }: TakeUploadDeps, key: string, act: () => Promise<T>): Promise<T> {
  try {
    const done = await act();
    if (done === null) await uploads.abandon(key);
    return done;
  } catch (error) {
    // Best effort: what is not said now is collected when the upload's time is over.
    await uploads.abandon(key).catch(() => undefined);
    throw error;
  }
}

async function announce(
  { uploads, limits, accountBytes }: TakeUploadDeps,
  accountId: string,
  { bytes, sha256 }: Told,
  lastsMs: number,
): Promise<Announced> {
  if (bytes > limits.bytes) {
    throw new AgencyError(
      "payload_too_large",
      `An upload may have ${limits.bytes} bytes, and this one has ${bytes}.`,
      { next: "Leave out what can be made again, with .gitignore." },
    );
  }
  const id = randomUUID();
  const upload = { id, accountId, key: `uploads/${id}`, bytes, sha256 };
  const { accountBytes: maxBytes, accountUploads: maxUploads } = limits;
  const room = accountBytes === null ? {} : { maxAccountBytes: accountBytes };
  const verdict = await uploads.announce({ ...upload, lastsMs, maxBytes, maxUploads, ...room });
  if (verdict === "announced") return upload;
  if (verdict === "no_room") throw noRoomError(bytes, accountBytes ?? 0);
  throw new AgencyError("too_many_requests", "There are too many uploads that no task was started from.", {
    next: "Start tasks from them, or try again tomorrow: unused ones are kept for a day.",
  });
}

import { AgencyError } from "@agency/contract";
import type { Artifact, ArtifactKind } from "@agency/contract";
import type { ArtifactStore, BlobRow, TaskStore } from "@agency/core";
import { getTask } from "../tasks/manage-task.ts";
import type { BlobStorage } from "./blob-storage.ts";
import { goneError } from "./expired.ts";

/** How long an address to download from may be used. */
const SIGNED_MS = 10 * 60_000;

export interface ArtifactDeps {
  tasks: TaskStore;
  artifacts: ArtifactStore;
  storage: BlobStorage;
}

/** Bytes somebody may have, and how to get them. */
export interface Download {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly mediaType: string;
  /** An address outside of us to fetch them from; null: they are to be had from here only. */
  sign(): Promise<string | null>;
  /** From the byte `from` up to, not including, `to`. Read it to its end or cancel it. */
  open(range?: { from: number; to: number }): Promise<ReadableStream<Uint8Array>>;
}

export async function listArtifacts(deps: ArtifactDeps, accountId: string, id: string): Promise<Artifact[]> {
  await getTask(deps, accountId, id);
  return (await deps.artifacts.blobs(id)).flatMap((row) => toArtifact(row) ?? []);
}

export async function getArtifact(
  deps: ArtifactDeps,
  accountId: string,
  id: string,
  artifactId: string,
): Promise<Artifact> {
  return (await find(deps, accountId, id, artifactId)).artifact;
}

export async function downloadArtifact(
  deps: ArtifactDeps,
  accountId: string,
  id: string,
  artifactId: string,
): Promise<Download> {
  const { row } = await find(deps, accountId, id, artifactId);
  const gone = goneError(`Artifact "${row.name}" of task ${id}`, row);
  if (gone !== null) throw gone;
  return downloadOf(deps.storage, row, () => noArtifact(id, artifactId));
}

/** `gone`: it was replaced while it was asked for. */
export function downloadOf(
  storage: BlobStorage,
  { key, name, bytes, sha256, mediaType }: Pick<BlobRow, "key" | "name" | "bytes" | "sha256" | "mediaType">,
  gone: () => AgencyError,
): Download {
  return {
    name,
    bytes,
    sha256,
    mediaType,
    sign: () => storage.signGet(key, { expiresMs: SIGNED_MS, filename: lastPart(name) }),
    async open(range = { from: 0, to: bytes }) {
      const stored = await storage.read(key, range);
      if (stored === null) throw gone();
      return stored.body;
    },
  };
}

async function find(
  deps: ArtifactDeps,
  accountId: string,
  id: string,
  artifactId: string,
): Promise<{ row: BlobRow; artifact: Artifact }> {
  await getTask(deps, accountId, id);
  const row = await deps.artifacts.blob(id, artifactId);
  const artifact = row === null ? null : toArtifact(row);
  if (row === null || artifact === null) throw noArtifact(id, artifactId);
  return { row, artifact };
}

/** Null: it is our own bookkeeping. */
function toArtifact(row: BlobRow): Artifact | null {
  const { id, kind, name, bytes, sha256, mediaType, at, expiredAt, missingSince } = row;
  if (!isArtifact(kind)) return null;
  const artifact = { id, kind, name, bytes, sha256, mediaType, createdAt: iso(at) };
  return {
    ...artifact,
    ...(expiredAt === undefined ? {} : { expiredAt: iso(expiredAt) }),
    ...(missingSince === undefined ? {} : { missingSince: iso(missingSince) }),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function isArtifact(kind: BlobRow["kind"]): kind is ArtifactKind {
  return kind !== "checkpoint" && kind !== "manifest" && kind !== "upload";
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1) || name;
}

function noArtifact(id: string, artifactId: string): AgencyError {
  return new AgencyError("not_found", `Task ${id} has no artifact ${artifactId}.`, {
    next: `See what it has with \`agency artifacts ${id} ls\`.`,
  });
}

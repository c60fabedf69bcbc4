import { createHash } from "node:crypto";
import { join } from "node:path";
import type { SessionBundle } from "@agency/core";
import { packArchive } from "./archive.ts";
import type { Packed } from "./archive.ts";
import { packFileList } from "./file-list.ts";
import { bundleSnapshot } from "./pack-snapshot.ts";
import type { Bundle, BundleOptions } from "./pack-snapshot.ts";
import { hasRepository } from "./snapshot-store.ts";
import type { SnapshotStore } from "./snapshot-store.ts";
import { SnapshotError, textOf } from "./snapshot-call.ts";
import type { SnapshotCall } from "./snapshot-call.ts";
import { listSnapshot } from "./snapshot-files.ts";
import { forgetFiles, snapshotFiles, treeOf } from "./snapshot-workspace.ts";
import type { Snapshot } from "./snapshot-workspace.ts";

const CAPTURE_MS = 5 * 60_000;
const MAX_BYTES = 512 * 1024 * 1024;

/** What the workspace started from. */
export interface Origin {
  readonly base: string;
  /** What everybody who clones the repository has, so that a bundle need not; null: nothing. */
  readonly published: string | null;
}

export interface Captured {
  /** Two of the same hold the same. */
  readonly signature: string;
  readonly commit: string;
  readonly head: string;
  readonly branch: string | null;
  readonly session: SessionBundle | null;
  readonly packed: Packed;
  readonly leftOut: Snapshot["leftOut"];
  /** The repository cannot be read: its files are here, its commits are not. */
  readonly isAlone: boolean;
}

export interface CaptureOptions {
  readonly store: SnapshotStore;
  readonly origin: Origin;
  readonly session: SessionBundle | null;
  readonly message: string;
  /** The signature of what is stored already; null: nothing. */
  readonly known: string | null;
  /** With nothing known: what the workspace started from is worth storing, too. */
  readonly evenStart: boolean;
  readonly signal: AbortSignal;
}

/** Files, commits and session in one file; null when they are as they were. Throws a SnapshotError that says why not. */
export async function capture(options: CaptureOptions): Promise<Captured | null> {
  const { store, signal } = options;
  const call = { timeoutMs: CAPTURE_MS, signal };
  try {
    return await captureWith(options, call, false);
  } catch (error) {
    if (signal.aborted || error instanceof TooLargeError) throw error;
  }
  // Objects the agent threw away, an index that broke: every file is read again.
  await forgetFiles(store);
  if (await hasRepository(store.workspace)) {
    const again = await captureWith(options, call, false).catch((error: unknown) => ({ error }));
    if (again === null || !("error" in again)) return again;
    if (signal.aborted || again.error instanceof TooLargeError) throw again.error;
    await forgetFiles(store);
  }
  return captureWith(options, call, true);
}

/** The files outgrew what a checkpoint holds: reading them again does not help. */
class TooLargeError extends SnapshotError {}

async function captureWith(
  options: CaptureOptions,
  call: SnapshotCall,
  isAlone: boolean,
): Promise<Captured | null> {
  const { store, origin, session, signal } = options;
  const snapshot = await snapshotFiles(store, call);
  const signature = signatureOf(snapshot, session);
  const isNew = options.known === null && !options.evenStart;
  const known = isNew ? signatureOf(await startOf(store, origin, snapshot, call), null) : options.known;
  if (signature === known) return null;
  const base = isAlone ? null : origin.base;
  const nested = await nestedRefs(store, snapshot, call);
  const plan = bundleOf(options, snapshot, isAlone);
  const [bundle, listed] = await Promise.all([
    bundleSnapshot(store, { ...plan, also: { ...plan.also, ...nested } }, call),
    listSnapshot(store, { tree: snapshot.tree, base }, call),
  ]);
  checkSize(bundle);
  // A checkpoint is for going on from; that its files can be looked at comes second.
  const files = listed && (await packFileList(listed, bundle.places).catch(() => null));
  const packed = await packArchive(join(store.folder, "checkpoint.tar"), { bundle, files, session }, signal);
  const { commit: head, branch } = snapshot.head;
  return {
    signature,
    commit: bundle.commit,
    head: isAlone || head === null ? origin.base : head,
    branch,
    session,
    packed,
    leftOut: snapshot.leftOut,
    isAlone,
  };
}

function bundleOf(
  { origin, message }: CaptureOptions,
  { tree, head }: Snapshot,
  isAlone: boolean,
): BundleOptions {
  if (isAlone) return { tree, parent: null, also: {}, without: null, message };
  const { base, published } = origin;
  const parent = head.commit ?? base;
  const also = { ...(parent === base ? {} : { head: parent }), ...(published === base ? {} : { base }) };
  return { tree, parent, also, without: published, message };
}

async function nestedRefs(
  { ours }: SnapshotStore,
  { nested }: Snapshot,
  call: SnapshotCall,
): Promise<Record<string, string>> {
  if (nested === null) return {};
  const commit = ["commit-tree", nested, "-m", "Repositories inside the workspace"];
  return { nested: await textOf("Making a commit of the repositories inside", ours, commit, call) };
}

/** The workspace as it was before the agent came: going back to that needs no checkpoint. */
async function startOf(
  store: SnapshotStore,
  { base }: Origin,
  { head }: Snapshot,
  call: SnapshotCall,
): Promise<Omit<Snapshot, "leftOut">> {
  const isAtBase = head.commit === base;
  return { tree: (isAtBase ? await treeOf(store, base, call) : null) ?? "", head, nested: null };
}

function signatureOf(
  { tree, head, nested }: Omit<Snapshot, "leftOut">,
  session: SessionBundle | null,
): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([tree, head.commit, head.branch, nested, session?.sessionId ?? null]));
  for (const { path, bytes } of session?.files ?? [])
    hash.update(`\0${path}\0${bytes.length}\0`).update(bytes);
  return hash.digest("hex");
}

function checkSize({ bytes }: Bundle): void {
  if (bytes <= MAX_BYTES) return;
  const mebibytes = Math.ceil(bytes / 1024 / 1024);
  throw new TooLargeError(
    `What changed in the workspace is ${mebibytes} MiB packed, and a checkpoint holds at most ${MAX_BYTES / 1024 / 1024} MiB: let git ignore what need not be kept.`,
  );
}

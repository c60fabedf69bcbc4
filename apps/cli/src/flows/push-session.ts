import { randomUUID } from "node:crypto";
import { openAsBlob } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AgencyError, MAX_UPLOAD_BYTES } from "@agency/contract";
import type { CreateTaskInput } from "@agency/contract";
import type { Client } from "@agency/client";
import { listed } from "../apply/listed.ts";
import { EXIT } from "../exit-codes.ts";
import { snapshotFolder } from "../hand-off/folder-snapshot.ts";
import type { FolderSnapshot } from "../hand-off/folder-snapshot.ts";
import { findLocalSession } from "../hand-off/local-session.ts";
import type { LocalSession } from "../hand-off/local-session.ts";
import { looksSecret } from "../hand-off/looks-secret.ts";
import { packUpload } from "../hand-off/pack-upload.ts";
import { formatBytes, plural } from "../render/numbers.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { clientOrStart } from "./client-or-start.ts";
import { readTaskSecrets } from "./read-secret.ts";
import { readWords } from "./read-text.ts";
import { toCreateTask } from "./run-input.ts";
import type { RunOptions } from "./run-input.ts";
import { startAndWatch } from "./watch-task.ts";

export interface PushOptions extends Omit<RunOptions, "repo" | "branch" | "pr" | "engine" | "command"> {
  session: string | undefined;
  noSession: boolean;
  include: string[];
  whole: boolean;
  dryRun: boolean;
  secret: string[];
  detach: boolean;
}

const GO_ON = "Go on with the work of this session.";

/** A task from the current folder as it is, uncommitted changes and the memory of the user's own Claude included. */
export async function pushSession(session: Session, words: string[], options: PushOptions): Promise<number> {
  if (options.noSession && options.session !== undefined)
    throw new UsageError("--session and --no-session say the opposite.", "Leave one of the two out.");
  const { world } = session;
  const scratch = await mkdtemp(join(world.tempDir, "agency-push-"));
  try {
    const folder = await snapshotFolder(session, world.cwd, scratch, options.whole);
    const memory = options.noSession
      ? null
      : await findLocalSession(world, [world.cwd, folder.top], options.session);
    const prompt =
      words.length === 0 && memory !== null ? GO_ON : await readWords(session, words, "instruction");
    const input = await inputOf(session, prompt, folder, options);
    refuseSecrets(folder, options.include);
    tellWhat(session, folder, memory);
    if (options.dryRun) return EXIT.done;
    const packed = await pack(folder, memory, scratch);
    const client = await clientOrStart(session);
    const start = async () => {
      const upload = await send(session, client, packed, folder, memory);
      return client.createTask({ ...input, upload }, { idempotencyKey: randomUUID() });
    };
    return await startAndWatch(session, client, start, options);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What is handed over comes back as files, unless more is asked for: nothing of a half-done work is pushed. */
async function inputOf(
  session: Session,
  prompt: string,
  { repository }: FolderSnapshot,
  { secret, ...options }: PushOptions,
): Promise<CreateTaskInput> {
  const repo = repository?.url;
  const branch = repository?.branch ?? undefined;
  const deliver = options.deliver ?? "files";
  if (repo === undefined && (deliver === "branch" || deliver === "pr")) {
    throw new UsageError(
      `--deliver ${deliver} needs a remote called origin that has this work's beginning.`,
      "Push the branch there first, or leave --deliver out.",
    );
  }
  const given = { ...options, repo, branch, deliver, pr: undefined, engine: "claude", command: undefined };
  return toCreateTask(prompt, given, await readTaskSecrets(session, secret));
}

function refuseSecrets({ sent }: FolderSnapshot, include: readonly string[]): void {
  const shown = sent.map((path) => Buffer.from(path, "latin1").toString("utf8"));
  const secret = shown.filter((path) => looksSecret(path) && !include.includes(path));
  if (secret.length === 0) return;
  throw new UsageError(
    [`${plural(secret.length, "file")} to be sent may hold secrets:`, ...listed(secret)].join("\n"),
    "Let git or .agencyignore ignore what must stay here, and name with --include PATH what may go.",
  );
}

function tellWhat(session: Session, folder: FolderSnapshot, memory: LocalSession | null): void {
  const { output, json } = session;
  const { changed, repository, base, leftOut, sent } = folder;
  const bytes = changed.reduce((sum, file) => sum + file.bytes, 0);
  if (json) {
    const about = { repository, base, files: sent.length, changed: changed.length, bytes };
    const memories = { sessionId: memory?.sessionId ?? null, sessionBytes: memory?.bytes ?? 0 };
    return output.json({ type: "hand_off", ...about, ...memories });
  }
  const names = changed.map(({ path }) => Buffer.from(path, "latin1").toString("utf8"));
  output.note([
    `Sending ${whatOf(folder, formatBytes(bytes))}${names.length === 0 ? "." : ":"}`,
    ...listed(names),
    memory === null
      ? "No session goes along: the agent begins anew."
      : `Session ${memory.sessionId} goes along (${formatBytes(memory.bytes)}).`,
  ]);
  if (leftOut.length === 0) return;
  const left = leftOut.map((path) => Buffer.from(path, "latin1").toString("utf8"));
  output.note([
    output.noteStyle.yellow("Left out, as repositories of their own or larger than 256 MiB:"),
    ...listed(left),
  ]);
}

function whatOf({ changed, repository, base, head, commit, sent }: FolderSnapshot, size: string): string {
  const files = `${plural(changed.length, "uncommitted file")} (${size})`;
  if (repository !== null) return `${files} on top of ${base.slice(0, 12)} of ${repository.url}`;
  const isAllNew = head === commit && changed.length === sent.length;
  if (isAllNew) return `${plural(sent.length, "file")} (${size})`;
  return `${files} and everything committed here, ${plural(sent.length, "file")} in all`;
}

interface PackedUpload {
  file: string;
  sha256: string;
}

async function pack(
  folder: FolderSnapshot,
  memory: LocalSession | null,
  scratch: string,
): Promise<PackedUpload> {
  const bundle = join(scratch, "workspace.bundle");
  await folder.bundle(bundle);
  checkSize((await stat(bundle)).size);
  const file = join(scratch, "upload.tar");
  const { bytes, sha256 } = await packUpload(file, bundle, memory);
  checkSize(bytes);
  return { file, sha256 };
}

function checkSize(bytes: number): void {
  if (bytes <= MAX_UPLOAD_BYTES) return;
  throw new AgencyError(
    "payload_too_large",
    `The folder is ${formatBytes(bytes)} packed; at most ${formatBytes(MAX_UPLOAD_BYTES)} can be sent.`,
    { next: "Let .gitignore or .agencyignore leave out what can be made again." },
  );
}

async function send(
  { signal }: Session,
  client: Client,
  { file, sha256 }: PackedUpload,
  { base, head, branch, commit }: FolderSnapshot,
  memory: LocalSession | null,
): Promise<NonNullable<CreateTaskInput["upload"]>> {
  const { id } = await client.upload(await openAsBlob(file), sha256, { signal });
  const { sessionId = null, engineVersion = null } = memory ?? {};
  return { id, base, head, branch, commit, sessionId, engineVersion };
}

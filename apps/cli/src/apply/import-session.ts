import { mkdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { AgencyError } from "@agency/contract";
import type { Checkpoint, Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { ArchiveError } from "../archive/archive-error.ts";
import { judgePath } from "../archive/entry-path.ts";
import { createFolderWriter, InTheWay } from "../archive/folder-writer.ts";
import type { FolderWriter } from "../archive/folder-writer.ts";
import { withCheckpoint } from "../download/with-checkpoint.ts";
import { EXIT } from "../exit-codes.ts";
import { claudeProjects, projectName } from "../hand-off/claude-home.ts";
import { readSession } from "../hand-off/read-checkpoint.ts";
import { continuedTranscript, importedTranscript } from "../hand-off/transcript.ts";
import type { Session } from "../session.ts";
import { sessionPlace } from "./session-place.ts";

interface How {
  dryRun: boolean;
  force: boolean;
}

/** The engine's memory into the user's own Claude folder, so that `claude --resume` goes on in this folder. */
export async function importSession(
  session: Session,
  client: Client,
  { task, checkpoint }: { task: Task; checkpoint: Checkpoint },
  folder: string,
  how: How,
): Promise<number> {
  const { world, output, json } = session;
  const target = join(claudeProjects(world), await projectName(folder));
  const cwd = await realpath(folder);
  return withCheckpoint(session, client, task.id, checkpoint, async (path) => {
    const found = await readFiles(path, cwd);
    const files = await settle(found, target, how.force);
    if (!how.dryRun) await write(files, target);
    const command = `claude --resume ${found.sessionId}`;
    const { sessionId } = found;
    if (json) output.json({ sessionId, folder: target, imported: !how.dryRun, command });
    else if (how.dryRun) output.print(`The session would be put into ${target}.`);
    else output.print([`The session is in ${target}. Go on with it here:`, `  ${command}`]);
    return EXIT.done;
  });
}

/** The checkpoint whose memory to bring: asked before any file is brought, so that a refusal changes nothing. */
export async function chooseMemory(
  { signal }: Session,
  client: Client,
  task: Task,
  from: number | undefined,
): Promise<Checkpoint> {
  if (task.engine !== "claude") {
    throw new AgencyError(
      "unsupported_option",
      `--session is for the engine "claude"; the task ran "${task.engine}".`,
      { next: "Leave --session out to bring the files alone." },
    );
  }
  const all = await client.checkpoints(task.id, { signal });
  const found = from === undefined ? all[0] : all.find(({ number }) => number === from);
  const next = `See what there is with \`agency checkpoints ${task.id}\`.`;
  if (found === undefined) {
    const which = from === undefined ? "no checkpoint" : `no checkpoint ${from}`;
    throw new AgencyError("not_found", `The task has ${which} with a session.`, { next });
  }
  if (found.sessionId !== null) return found;
  throw new AgencyError("not_found", `Checkpoint ${found.number} of the task holds no session.`, { next });
}

interface Files {
  sessionId: string;
  /** By their place below the project's folder, one character a byte. */
  files: Map<string, Buffer>;
}

/** Names and content come from a sandbox. */
async function readFiles(path: string, cwd: string): Promise<Files> {
  try {
    const saved = await readSession(path);
    const placed = saved === null ? null : sessionPlace(saved.files.map((file) => file.path));
    if (saved === null || placed === null) throw new ArchiveError("it does not hold one session of Claude");
    const files = new Map<string, Buffer>();
    for (const { path: name, bytes } of saved.files) {
      const place = placed.places.get(name);
      if (place === undefined) continue;
      const judged = judgePath(Buffer.from(place).toString("latin1"));
      if (!judged.ok) throw new ArchiveError(`${JSON.stringify(name)} ${judged.why}`);
      const key = judged.parts.join("/");
      if (files.has(key)) throw new ArchiveError(`it holds ${JSON.stringify(name)} twice`);
      files.set(key, place.endsWith(".jsonl") ? transcriptOf(bytes, cwd) : bytes);
      if (key === `${placed.sessionId}.jsonl` && files.get(key)?.length === 0)
        throw new ArchiveError("its transcript holds no conversation");
    }
    return { sessionId: placed.sessionId, files };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    throw new AgencyError("upstream_failed", `The session was not imported: ${error.message}.`, {
      cause: error,
    });
  }
}

function transcriptOf(bytes: Buffer, cwd: string): Buffer {
  return Buffer.from(importedTranscript(bytes.toString("utf8"), cwd));
}

/** What is to be written: of a session that is here already only what it does not have yet. */
async function settle(
  { sessionId, files }: Files,
  target: string,
  force: boolean,
): Promise<Map<string, Buffer>> {
  const writer = createFolderWriter(target);
  const settled = new Map<string, Buffer>();
  for (const [place, bytes] of files) {
    const there = await readThere(writer, place);
    if (there === null) settled.set(place, bytes);
    if (there === null || there.equals(bytes)) continue;
    const text = place.endsWith(".jsonl")
      ? continuedTranscript(there.toString("utf8"), bytes.toString("utf8"))
      : null;
    if (text === null && !force) {
      throw new AgencyError(
        "conflict",
        `Session ${sessionId} is in ${target} already and has gone another way.`,
        { next: "Replace it with --force." },
      );
    }
    settled.set(place, text === null ? bytes : Buffer.from(text));
  }
  return settled;
}

async function readThere(writer: FolderWriter, place: string): Promise<Buffer | null> {
  try {
    const there = await writer.look(place);
    if (there === null) return null;
    if (there.kind === "file") return await readFile(writer.at(place));
    throw new InTheWay(`${place} is not a file`);
  } catch (error) {
    if (!(error instanceof InTheWay)) throw error;
    throw new AgencyError(
      "conflict",
      `The session cannot be put where Claude looks for it: ${error.message}.`,
    );
  }
}

async function write(files: Map<string, Buffer>, target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  const writer = createFolderWriter(target);
  for (const [place, bytes] of files)
    await writer.file(
      place,
      (async function* () {
        yield bytes;
      })(),
      { mode: 0o600, replace: true },
    );
}

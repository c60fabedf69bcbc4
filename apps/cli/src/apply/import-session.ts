import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { AgencyError } from "@agency/contract";
import type { Task } from "@agency/contract";
import type { Client } from "@agency/client";
import { ArchiveError } from "../archive/archive-error.ts";
import { compareFolder } from "../archive/compare-folder.ts";
import { createFolderWriter } from "../archive/folder-writer.ts";
import type { FolderWriter } from "../archive/folder-writer.ts";
import { openArchive } from "../archive/open-archive.ts";
import type { TarEntry } from "../archive/read-tar.ts";
import { scanEntries } from "../archive/scan-entries.ts";
import type { PlannedEntry } from "../archive/scan-entries.ts";
import { findArtifact } from "../download/find-artifact.ts";
import { withArtifact } from "../download/with-artifact.ts";
import { EXIT } from "../exit-codes.ts";
import type { Session } from "../session.ts";
import { sessionPlace } from "./session-place.ts";

const MOST = { entries: 10_000, bytes: 1024 ** 3 };

interface How {
  dryRun: boolean;
  force: boolean;
}

/** The engine's memory into the user's own Claude folder, so that `claude --resume` goes on in this folder. */
export async function importSession(
  session: Session,
  client: Client,
  task: Task,
  folder: string,
  how: How,
): Promise<number> {
  const { world, output, json, signal } = session;
  if (task.engine !== "claude") {
    throw new AgencyError(
      "unsupported_option",
      `--session is for the engine "claude"; the task ran "${task.engine}".`,
    );
  }
  const artifact = await findArtifact(client, task, "session", signal);
  const told = world.env.CLAUDE_CONFIG_DIR ?? "";
  const home = join(told === "" ? join(world.userHome, ".claude") : told, "projects");
  // Claude Code names the folder after the resolved path.
  const project = (await realpath(folder)).replace(/[^A-Za-z0-9]/g, "-");
  return withArtifact(session, client, task.id, artifact, async (path) => {
    const found = await readSessionFiles(path);
    const target = join(home, project);
    if (!how.dryRun) await write(path, found, target, how.force);
    const command = `claude --resume ${found.sessionId}`;
    if (json) output.json({ sessionId: found.sessionId, folder: target, imported: !how.dryRun, command });
    else if (how.dryRun) output.print(`The session would be put into ${target}.`);
    else output.print([`The session is in ${target}. Go on with it here:`, `  ${command}`]);
    return EXIT.done;
  });
}

interface SessionFiles {
  sessionId: string;
  /** By their name in the archive. */
  places: Map<string, string>;
  planned: PlannedEntry[];
}

async function readSessionFiles(path: string): Promise<SessionFiles> {
  try {
    const { entries } = await scanEntries(openArchive(path), { caseSensitive: true, limits: MOST });
    const files = entries.filter(({ kind }) => kind === "file");
    const placed = sessionPlace(files.map((entry) => entry.path));
    if (placed === null) throw new ArchiveError("it does not hold one session of Claude");
    const planned = files.flatMap((entry) => {
      const place = placed.places.get(entry.path);
      return place === undefined ? [] : [{ ...entry, path: place, mode: 0o600 }];
    });
    return { ...placed, planned };
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    throw new AgencyError("upstream_failed", `The session was not imported: ${error.message}.`, {
      cause: error,
    });
  }
}

async function write(path: string, found: SessionFiles, target: string, force: boolean): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  const writer = createFolderWriter(target);
  const { create, differ, inTheWay } = await compareFolder(writer, found.planned);
  const [first] = inTheWay;
  if (first !== undefined)
    throw new AgencyError("conflict", `The session cannot be put into ${target}: ${first}.`);
  if (differ.length > 0 && !force) {
    throw new AgencyError(
      "conflict",
      `Session ${found.sessionId} is in ${target} already and has gone another way.`,
      {
        next: "Replace it with --force.",
      },
    );
  }
  await writeFiles(openArchive(path), found, [...create, ...differ], writer);
}

async function writeFiles(
  source: AsyncIterable<TarEntry>,
  { places }: SessionFiles,
  wanted: readonly PlannedEntry[],
  writer: FolderWriter,
): Promise<void> {
  const missing = new Set(wanted.map((entry) => entry.path));
  for await (const { name, body, kind } of source) {
    const place = kind === "file" ? places.get(name.replace(/^(?:\.\/)+/, "")) : undefined;
    if (place === undefined || !missing.has(place)) continue;
    await writer.file(place, body, { mode: 0o600, replace: true });
  }
}

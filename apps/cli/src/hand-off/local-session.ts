import { constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { AgencyError } from "@agency/contract";
import type { World } from "../world.ts";
import { claudeProjects, projectName } from "./claude-home.ts";
import { versionOf, wholeLines } from "./transcript.ts";

const TRANSCRIPT = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/;
/** What the engine takes back in a sandbox. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_FILES = 5_000;

export interface LocalSession {
  sessionId: string;
  engineVersion: string;
  /** With the paths they have in an engine's home. */
  files: { path: string; bytes: Buffer }[];
  bytes: number;
}

/** The newest session of Claude Code in one of the folders, or the one that is named; null when there is none. */
export async function findLocalSession(
  world: Pick<World, "env" | "userHome">,
  folders: readonly string[],
  wanted: string | undefined,
): Promise<LocalSession | null> {
  const home = claudeProjects(world);
  const projects = new Set(await Promise.all(folders.map(projectName)));
  const found = (await Promise.all([...projects].map((project) => transcriptsIn(home, project)))).flat();
  const fitting = found.filter(({ sessionId }) => wanted === undefined || sessionId === wanted);
  const [newest] = fitting.toSorted((a, b) => b.changedAt - a.changedAt);
  if (newest !== undefined) return readLocal(home, newest);
  if (wanted === undefined) return null;
  throw new AgencyError("not_found", `There is no session ${wanted} of Claude in this folder.`, {
    next: `Its transcripts are below ${home}; without --session the newest is taken.`,
  });
}

interface Transcript {
  project: string;
  sessionId: string;
  changedAt: number;
  bytes: number;
}

async function transcriptsIn(home: string, project: string): Promise<Transcript[]> {
  const names = await readdir(join(home, project)).catch(() => []);
  const found: Transcript[] = [];
  for (const name of names) {
    const sessionId = TRANSCRIPT.exec(name)?.[1];
    const stats = sessionId === undefined ? null : await lstat(join(home, project, name)).catch(() => null);
    if (sessionId !== undefined && stats?.isFile() === true && stats.size > 0)
      found.push({ project, sessionId, changedAt: stats.mtimeMs, bytes: stats.size });
  }
  return found;
}

async function readLocal(home: string, { project, sessionId, bytes }: Transcript): Promise<LocalSession> {
  if (bytes > MOST_BYTES) {
    const mebibytes = Math.ceil(bytes / 1024 / 1024);
    throw new AgencyError(
      "payload_too_large",
      `Session ${sessionId} is ${mebibytes} MiB; at most ${MOST_BYTES / 1024 / 1024} MiB can go along.`,
      { next: "Send the folder without it: --no-session." },
    );
  }
  const folder = join(home, project);
  const text = wholeLines((await readRegular(join(folder, `${sessionId}.jsonl`))).toString("utf8"));
  const files: LocalSession["files"] = [{ path: `${sessionId}.jsonl`, bytes: Buffer.from(text) }];
  let room = MOST_BYTES - text.length;
  // Large outputs lie beside the transcript; without one of them the session goes on all the same.
  for (const path of await filesBelow(folder, sessionId)) {
    const content = await readRegular(join(folder, path)).catch(() => null);
    if (content === null || content.length > room) continue;
    room -= content.length;
    files.push({ path, bytes: content });
  }
  return {
    sessionId,
    engineVersion: versionOf(text) ?? "unknown",
    files: files.map((file) => ({ ...file, path: `.claude/projects/${project}/${file.path}` })),
    bytes: files.reduce((sum, file) => sum + file.bytes.length, 0),
  };
}

/** Links are neither followed nor taken. */
async function filesBelow(top: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    const entries = await readdir(join(top, next), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.isDirectory()) folders.push(`${next}/${entry.name}`);
      else if (entry.isFile() && found.length < MOST_FILES) found.push(`${next}/${entry.name}`);
    }
  }
  return found;
}

async function readRegular(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

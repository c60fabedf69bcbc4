import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { AgencyError } from "@agency/contract";
import type { SessionBundle } from "@agency/core";

type BundleFile = SessionBundle["files"][number];

const PROJECTS = join(".claude", "projects");
const SESSION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iu;
const MAX_FILES = 5000;

export function isSessionId(id: string): boolean {
  return SESSION_ID.test(id);
}

/** The transcript, wherever the engine keeps it: its folder is named after the workspace it was begun in. */
export async function findTranscript(
  home: string,
  sessionId: string,
): Promise<{ path: string; bytes: number } | undefined> {
  for (const project of await entriesOf(join(home, PROJECTS))) {
    const path = join(home, PROJECTS, project, `${sessionId}.jsonl`);
    const stat = await lstat(path).catch(() => undefined);
    if (stat?.isFile() === true) return { path, bytes: stat.size };
  }
  return undefined;
}

/** The transcript and the folder beside it, with paths relative to the home. Whole files, within the limit. */
export async function readSession(home: string, sessionId: string, maxBytes: number): Promise<BundleFile[]> {
  const transcript = await findTranscript(home, sessionId);
  if (transcript === undefined)
    throw new AgencyError(
      "not_found",
      `There is no transcript of session ${sessionId} in the engine's home.`,
      {
        next: "Save the session after the engine's first turn.",
      },
    );
  if (transcript.bytes > maxBytes) throw tooLarge(sessionId, transcript.bytes, maxBytes);
  const files = [await readRegular(home, transcript.path)];
  let left = maxBytes - (files[0]?.bytes.length ?? 0);
  // Large outputs are kept beside the transcript; without one of them the session resumes all the same.
  for (const { path, bytes } of await listFiles(transcript.path.replace(/\.jsonl$/u, ""))) {
    if (bytes > left) continue;
    const file = await readRegular(home, path);
    left -= file.bytes.length;
    files.push(file);
  }
  return files;
}

export async function writeSession(home: string, bundle: SessionBundle, maxBytes: number): Promise<void> {
  const total = bundle.files.reduce((sum, file) => sum + file.bytes.length, 0);
  if (total > maxBytes) throw tooLarge(bundle.sessionId, total, maxBytes);
  const stray = bundle.files.find(({ path }) => !isSessionPath(path, bundle.sessionId));
  if (stray !== undefined)
    throw new AgencyError(
      "invalid_request",
      `The session bundle holds a file that is not part of it: ${JSON.stringify(stray.path)}.`,
      {
        next: "Save the session again; this bundle was changed or is not of this engine.",
      },
    );
  for (const { path, bytes } of bundle.files) {
    await mkdir(dirname(join(home, path)), { recursive: true, mode: 0o700 });
    await writeFile(join(home, path), bytes, { mode: 0o600 });
  }
}

/** A bundle comes out of a sandbox: nothing in it may lead anywhere but to the session's own files. */
function isSessionPath(path: string, sessionId: string): boolean {
  if (!isSessionId(sessionId) || path.includes("\0")) return false;
  const [first, second, project, name, ...rest] = path.split("/");
  if (first !== ".claude" || second !== "projects" || project === undefined || name === undefined)
    return false;
  if ([project, ...rest].some((part) => part === "" || part === "." || part === "..")) return false;
  return rest.length === 0 ? name === `${sessionId}.jsonl` : name === sessionId;
}

/** Smallest first, so that a limit leaves out few. Links are not followed and not listed. */
async function listFiles(folder: string): Promise<{ path: string; bytes: number }[]> {
  const found: { path: string; bytes: number }[] = [];
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined && found.length < MAX_FILES; next = folders.pop()) {
    for (const name of await entriesOf(next)) {
      const path = join(next, name);
      const stat = await lstat(path).catch(() => undefined);
      if (stat?.isDirectory() === true) folders.push(path);
      else if (stat?.isFile() === true) found.push({ path, bytes: stat.size });
    }
  }
  return found.toSorted((a, b) => a.bytes - b.bytes).slice(0, MAX_FILES);
}

async function readRegular(home: string, path: string): Promise<BundleFile> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return { path: relative(home, path).replaceAll(sep, "/"), bytes: await handle.readFile() };
  } finally {
    await handle.close();
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function tooLarge(sessionId: string, bytes: number, maxBytes: number): AgencyError {
  const mebibytes = (count: number): string => `${Math.ceil(count / 1024 / 1024)} MiB`;
  return new AgencyError(
    "payload_too_large",
    `Session ${sessionId} is ${mebibytes(bytes)}; at most ${mebibytes(maxBytes)} can be carried to another sandbox.`,
    { next: "Go on with a new session and a summary of this one." },
  );
}

export function sessionUnknown(): AgencyError {
  return new AgencyError("not_found", "The engine has not begun a session yet.", {
    next: "Save the session after the engine's first turn.",
  });
}

import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import type { Stats } from "node:fs";
import { access, chmod, copyFile, link, mkdir, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MachineProblem } from "./machine-problem.ts";
import { codeOf, isMissing } from "./records.ts";

export interface Program {
  readonly name: string;
  readonly source: string;
  readonly executable: boolean;
}

const READ = 0o004;
const READ_AND_RUN = 0o005;
const SEARCH = 0o001;
/** Long enough that no sandbox is still being started from an older version. */
const KEEP_OLD_VERSIONS_MS = 24 * 60 * 60 * 1000;

/**
 * A path under which every user of this machine can use the program. One below /root is offered a
 * second time in `runtime`: as a hard link where that is possible (instant, whatever its size), else
 * as a copy.
 */
export async function stageForEveryone(runtime: string, program: Program, now: number): Promise<string> {
  const real = await resolveProgram(program);
  const facts = await stat(real);
  const open = isOpen(program, facts);
  if (open && (await closedFolder(dirname(real))) === null) return real;
  if (!facts.isFile()) {
    const what = `the sandbox user cannot read the folder ${real} (${program.name})`;
    throw new MachineProblem("unavailable", what, "move it to a place every user may read");
  }
  const mode = open ? null : program.executable ? 0o755 : 0o644;
  return stage({ runtime, program, name: program.name, real, facts, mode, now });
}

/** Not even its owner reads it: the owner is the sandbox's user where the server is no root. */
const RUN_ONLY = 0o111;

/**
 * A copy that can be run and not read. The kernel lets nobody look into a process of such a program: its /proc/<pid>
 * belongs to root, and neither the memory nor the environment nor the descriptors open to others of its uid. Being a
 * matter of the file, this begins with the first instruction and cannot be taken back from inside.
 */
export async function stageSealed(runtime: string, program: Program, now: number): Promise<string> {
  const real = await resolveProgram(program);
  const name = `${program.name}-sealed`;
  return stage({ runtime, program, name, real, facts: await stat(real), mode: RUN_ONLY, now });
}

async function stage(what: {
  runtime: string;
  program: Program;
  name: string;
  real: string;
  facts: Stats;
  mode: number | null;
  now: number;
}): Promise<string> {
  const { real, facts, mode } = what;
  const versions = join(what.runtime, `${what.name}-${shortHash(what.program.source)}`);
  const version = join(versions, versionOf(real, facts));
  const staged = join(version, basename(real));
  if (await isThere(staged)) return staged;
  await place({ real, version, mode });
  await removeOldVersions(versions, version, what.now);
  return staged;
}

/** Enough for a server that is itself the sandbox's user. */
export async function resolveProgram(program: Program): Promise<string> {
  try {
    const real = await realpath(program.source);
    await access(real, program.executable ? constants.R_OK | constants.X_OK : constants.R_OK);
    return real;
  } catch (error) {
    const what = `the ${program.name} program cannot be used at ${program.source}`;
    throw new MachineProblem("unavailable", what, "run the setup again", error);
  }
}

/** The first folder on the way to `path` that other users may not pass, or null. */
export async function closedFolder(path: string): Promise<string | null> {
  const folders = [path];
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) folders.push(dirname(folder));
  const facts = await Promise.all(folders.map((folder) => stat(folder)));
  return folders.find((_, index) => ((facts[index]?.mode ?? 0) & SEARCH) === 0) ?? null;
}

/** For folders that other users must be able to pass, whatever our umask says. */
export async function makeOpenFolder(path: string, mode: number): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder)) await chmod(folder, mode);
}

function isOpen(program: Program, facts: Stats): boolean {
  const needed = program.executable || facts.isDirectory() ? READ_AND_RUN : READ;
  return (facts.mode & needed) === needed;
}

/** Inode, size and time, not content: hashing 400 MB at every start would cost more than the start. */
function versionOf(real: string, facts: Stats): string {
  const identity = [real, facts.dev, facts.ino, facts.size, facts.mtimeMs].join(":");
  return shortHash(identity);
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** A hard link shares its mode with the original, so a file that has to be opened up is copied instead. */
async function place(at: { real: string; version: string; mode: number | null }): Promise<void> {
  const fresh = `${at.version}.${randomBytes(6).toString("hex")}`;
  await makeOpenFolder(fresh, 0o755);
  const file = join(fresh, basename(at.real));
  try {
    if (at.mode !== null || !(await tryLink(at.real, file))) {
      await copyFile(at.real, file, constants.COPYFILE_FICLONE);
      await chmod(file, at.mode ?? (await stat(at.real)).mode & 0o755);
    }
    await rename(fresh, at.version);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    // Another process was quicker, with the same file.
    if (!["ENOTEMPTY", "EEXIST"].includes(codeOf(error) ?? "")) throw error;
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (["EXDEV", "EPERM", "EMLINK", "ENOTSUP"].includes(codeOf(error) ?? "")) return false;
    throw error;
  }
}

async function removeOldVersions(versions: string, current: string, now: number): Promise<void> {
  for (const name of await readdir(versions)) {
    const version = join(versions, name);
    if (version === current) continue;
    const facts = await stat(version).catch(() => null);
    if (facts !== null && now - facts.mtimeMs > KEEP_OLD_VERSIONS_MS) {
      await rm(version, { recursive: true, force: true });
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

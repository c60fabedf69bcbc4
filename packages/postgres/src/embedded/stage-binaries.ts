import {
  access,
  chmod,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
} from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { diskFull, errnoOf } from "./failure.ts";
import { firstClosedFolder, mayUse } from "./server-user.ts";
import type { ServerUser } from "./server-user.ts";

export interface LibraryLink {
  source: string;
  target: string;
}

/**
 * npm packages cannot carry symbolic links; this one makes them in an install script, which many
 * installations do not run. Without them the server does not find its libraries.
 */
export async function readLinks(native: string): Promise<LibraryLink[]> {
  const list: unknown = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8"));
  const links = Array.isArray(list) ? list.filter(isLink) : [];
  return links.map(({ source, target }) => ({ source: fromNative(source), target: fromNative(target) }));
}

/** Can the server run where npm put it? Its user must reach it, and every library link must be there. */
export async function isUsable(native: string, links: LibraryLink[], user: ServerUser): Promise<boolean> {
  if (user.dropTo !== null) {
    const program = join(native, "bin", "postgres");
    if ((await firstClosedFolder(dirname(program), user.dropTo)) !== null) return false;
    if (!mayUse(await stat(program), user.dropTo, 0o5)) return false;
  }
  const found = await Promise.all(links.map(({ target }) => exists(join(native, target))));
  return found.every(Boolean);
}

/**
 * A usable copy at `home`, made of hard links where the file system allows it (6 ms; a real copy of
 * its 59 MB takes 190 ms). It appears by a rename: whole, or not at all.
 */
export async function stage(native: string, links: LibraryLink[], home: string): Promise<string> {
  if (await exists(home)) return home;
  const draft = await mkdtemp(`${home}.new-`);
  try {
    await chmod(draft, 0o755);
    for (const part of ["bin", "lib", "share"]) await mirror(join(native, part), join(draft, part));
    for (const { source, target } of links) {
      const at = join(draft, target);
      if (!(await exists(at))) await symlink(relative(dirname(at), join(draft, source)), at);
    }
    await rename(draft, home);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw errnoOf(error) === "ENOSPC" ? diskFull(dirname(home)) : error;
  }
  return home;
}

/** Copies of other versions, and what an interrupted start left behind. */
export async function removeOtherStages(root: string, keep: string): Promise<void> {
  const kept = basename(dirname(dirname(keep)));
  const stages = (await readdir(root)).filter((name) => name.startsWith("server-") && name !== kept);
  await Promise.all(stages.map((name) => rm(join(root, name), { recursive: true, force: true })));
}

async function mirror(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await mirror(source, target);
    else if (entry.isFile() && !entry.name.endsWith(".a")) await mirrorFile(source, target);
  }
}

async function mirrorFile(source: string, target: string): Promise<void> {
  const { mode } = await stat(source);
  const wanted = (mode & 0o100) === 0 ? 0o644 : 0o755;
  if ((mode & wanted) === wanted) {
    try {
      await link(source, target);
      return;
    } catch (error) {
      // Another file system, or a system that lets nobody link what is not theirs.
      if (!["EXDEV", "EPERM", "EACCES", "EMLINK", "ENOTSUP"].includes(errnoOf(error) ?? "")) throw error;
    }
  }
  await copyFile(source, target);
  await chmod(target, wanted);
}

function fromNative(path: string): string {
  return path.replace(/^native\//, "");
}

function isLink(value: unknown): value is LibraryLink {
  return (
    typeof value === "object" &&
    value !== null &&
    "source" in value &&
    typeof value.source === "string" &&
    "target" in value &&
    typeof value.target === "string"
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

import { createHash } from "node:crypto";
import { chmod, chown, lstat, mkdir, open, realpath, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { diskFull, errnoOf, unavailable } from "./failure.ts";
import { firstClosedFolder } from "./server-user.ts";
import type { ServerUser } from "./server-user.ts";
import { PORT } from "./settings.ts";

/** Everything the supervisor keeps, below the two folders it was given. */
export interface Layout {
  root: string;
  cluster: string;
  log: string;
  lock: string;
  socketDir: string;
}

/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing NUL included. */
const SOCKET_PATH_MAX = process.platform === "darwin" ? 103 : 107;

export async function prepareDataFolder(
  dataDir: string,
  user: ServerUser,
): Promise<Omit<Layout, "socketDir">> {
  const root = await asWritable(dataDir, async () => {
    const created = await mkdir(dataDir, { recursive: true });
    if (created !== undefined) await openWay(created, dataDir, user);
    const real = await realpath(dataDir);
    await probeWrite(real);
    return real;
  });
  if (user.dropTo !== null) await refuseClosedWay(root, user.dropTo);
  return {
    root,
    cluster: join(root, "cluster"),
    log: join(root, "postgres.log"),
    lock: join(root, "supervisor.lock"),
  };
}

/** Where the socket goes: the runtime folder, or a short one of its own when that path is too long. */
export async function prepareSocketFolder(
  runtimeDir: string,
  root: string,
  user: ServerUser,
): Promise<string> {
  const wanted = join(runtimeDir, "postgres");
  const fits = Buffer.byteLength(join(wanted, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_MAX;
  const folder = fits ? wanted : shortSocketFolder(root);
  return asWritable(folder, async () => {
    const created = await mkdir(dirname(folder), { recursive: true });
    if (created !== undefined) await openWay(created, dirname(folder), user);
    await mkdir(folder, { mode: 0o700 }).catch(async (error: unknown) => {
      if (errnoOf(error) !== "EEXIST") throw error;
      await refuseForeign(folder, user);
    });
    await own(folder, user, 0o700);
    if (user.dropTo !== null) await refuseClosedWay(dirname(folder), user.dropTo);
    return folder;
  });
}

function shortSocketFolder(root: string): string {
  return `/tmp/agency-pg-${createHash("sha256").update(root).digest("hex").slice(0, 12)}`;
}

export async function own(path: string, user: ServerUser, mode: number): Promise<void> {
  if (user.dropTo !== null) await chown(path, user.uid, user.gid);
  await chmod(path, mode);
}

/** A folder in /tmp that somebody else made first would let them pose as our server. */
async function refuseForeign(folder: string, user: ServerUser): Promise<void> {
  const entry = await lstat(folder);
  const ours = [user.uid, process.getuid?.()].includes(entry.uid);
  if (entry.isDirectory() && ours) return;
  throw unavailable(
    `${folder} belongs to another user, so the database cannot put its socket there.`,
    "Remove it, or set AGENCY_HOME to a folder with a shorter path.",
  );
}

/** With a strict umask the folders just made would shut out the user the server runs as. */
async function openWay(first: string, last: string, user: ServerUser): Promise<void> {
  if (user.dropTo === null) return;
  for (let folder = last; ; folder = dirname(folder)) {
    await chmod(folder, 0o755);
    if (folder === first || folder === dirname(folder)) return;
  }
}

async function refuseClosedWay(folder: string, user: { uid: number; gid: number }): Promise<void> {
  const closed = await firstClosedFolder(folder, user);
  if (closed === null) return;
  throw unavailable(
    `PostgreSQL never runs as root, and the user it runs as may not enter ${closed}.`,
    "Set AGENCY_HOME to a folder that every user may enter, such as /var/lib/agency.",
  );
}

async function probeWrite(folder: string): Promise<void> {
  const probe = join(folder, `.probe-${process.pid}`);
  await (await open(probe, "w", 0o600)).close();
  await rm(probe);
}

async function asWritable<T>(folder: string, prepare: () => Promise<T>): Promise<T> {
  try {
    return await prepare();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOSPC" || errno === "EDQUOT") throw diskFull(folder);
    if (errno === undefined || !["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST", "ENOENT"].includes(errno))
      throw error;
    throw unavailable(
      `The folder ${folder} cannot be written (${errno}).`,
      "Make it writable for this user, or set AGENCY_HOME to a folder that is.",
      error,
    );
  }
}

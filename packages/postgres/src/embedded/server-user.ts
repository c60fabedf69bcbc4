import { readFile, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { OTHER_SERVER, unavailable } from "./failure.ts";

/** Who the server runs as, and who may talk to it. PostgreSQL refuses to run as root. */
export interface ServerUser {
  uid: number;
  gid: number;
  /** Set when we are root: the server must be started as somebody else. */
  dropTo: { uid: number; gid: number } | null;
  /** The operating system's name for ourselves, which peer authentication compares. */
  clientName: string;
}

export async function chooseServerUser(): Promise<ServerUser> {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  if (uid === undefined || gid === undefined) {
    throw unavailable(
      "The PostgreSQL that comes with Agency does not run on this system.",
      `Use Linux or macOS, ${OTHER_SERVER}.`,
    );
  }
  const clientName = ownName(uid);
  if (uid !== 0) return { uid, gid, dropTo: null, clientName };
  const nobody = parseNobody(await readFile("/etc/passwd", "utf8"));
  if (nobody === null) {
    throw unavailable(
      "PostgreSQL refuses to run as root, and this system has no user `nobody` to run it as.",
      `Start Agency as an ordinary user, ${OTHER_SERVER}.`,
    );
  }
  return { ...nobody, dropTo: nobody, clientName };
}

/** initdb needs the user to be a known one, so a uid made up by us would not do. */
export function parseNobody(passwd: string): { uid: number; gid: number } | null {
  const fields = passwd
    .split("\n")
    .find((line) => line.startsWith("nobody:"))
    ?.split(":");
  if (fields === undefined) return null;
  const [uid, gid] = [Number(fields[2]), Number(fields[3])];
  // macOS writes -2, which the kernel knows as an unsigned number.
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid: uid >>> 0, gid: gid >>> 0 } : null;
}

/** The first folder on the way to `path` that the user may not enter, or null when the way is free. */
export async function firstClosedFolder(
  path: string,
  user: { uid: number; gid: number },
): Promise<string | null> {
  const way: string[] = [];
  for (let folder = path; ; folder = dirname(folder)) {
    way.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  for (const folder of way) {
    if (!mayUse(await stat(folder), user, 0o1)) return folder;
  }
  return null;
}

export function mayUse(
  entry: { mode: number; uid: number; gid: number },
  user: { uid: number; gid: number },
  bits: number,
): boolean {
  const shift = entry.uid === user.uid ? 6 : entry.gid === user.gid ? 3 : 0;
  return ((entry.mode >> shift) & bits) === bits;
}

function ownName(uid: number): string {
  try {
    return userInfo().username;
  } catch (cause) {
    throw unavailable(
      `The user with id ${uid} has no entry in /etc/passwd, which PostgreSQL requires.`,
      `Add an entry for it, ${OTHER_SERVER}.`,
      cause,
    );
  }
}

import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { MachineProblem } from "./machine-problem.ts";

const run = promisify(execFile);

export interface Tools {
  readonly bwrap: string;
  readonly bwrapVersion: string;
  readonly sh: string;
  readonly timeout: string;
  readonly prlimit: string;
  /** Needed, and looked for, only when the server is root. */
  readonly setpriv: string | null;
}

export const INSTALL_BWRAP =
  "install bubblewrap: `apt-get install bubblewrap` (Debian, Ubuntu), `dnf install bubblewrap` (Fedora), `apk add bubblewrap` (Alpine) or `pacman -S bubblewrap` (Arch)";
const INSTALL_UTIL_LINUX =
  "install util-linux: `apt-get install util-linux` or your distribution's package of that name";
/** --disable-userns, --size and --perms came together. */
const LEAST_BWRAP = [0, 8];
const VERSION_TIMEOUT_MS = 5000;

export async function findTools(searchPath: string, asRoot: boolean): Promise<Tools> {
  const bwrap = await need(searchPath, "bwrap", INSTALL_BWRAP);
  const [sh, timeout, prlimit, setpriv, bwrapVersion] = await Promise.all([
    need(searchPath, "sh", "install a POSIX shell as /bin/sh"),
    need(searchPath, "timeout", "install coreutils"),
    need(searchPath, "prlimit", INSTALL_UTIL_LINUX),
    asRoot ? need(searchPath, "setpriv", INSTALL_UTIL_LINUX) : null,
    askVersion(bwrap),
  ]);
  return { bwrap, bwrapVersion, sh, timeout, prlimit, setpriv };
}

export async function findProgram(searchPath: string, name: string): Promise<string | null> {
  for (const folder of searchPath.split(delimiter)) {
    const path = join(folder, name);
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return path;
  }
  return null;
}

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = LEAST_BWRAP;
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

async function need(searchPath: string, name: string, fix: string): Promise<string> {
  const path = await findProgram(searchPath, name);
  if (path !== null) return path;
  throw new MachineProblem("unavailable", `${name} is not installed, so no sandbox can be made here`, fix);
}

async function askVersion(bwrap: string): Promise<string> {
  const answer = await run(bwrap, ["--version"], { env: {}, timeout: VERSION_TIMEOUT_MS }).catch(
    (error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      throw new MachineProblem("unavailable", `${bwrap} does not run (${text.trim()})`, INSTALL_BWRAP, error);
    },
  );
  const version = /\d+\.\d+(?:\.\d+)?/u.exec(answer.stdout)?.[0];
  if (version === undefined) {
    throw new MachineProblem("unavailable", `${bwrap} is not bubblewrap`, INSTALL_BWRAP);
  }
  if (!isNewEnough(version)) {
    const least = LEAST_BWRAP.join(".");
    throw new MachineProblem(
      "unavailable",
      `bubblewrap ${version} is too old, ${least} is needed`,
      INSTALL_BWRAP,
    );
  }
  return version;
}

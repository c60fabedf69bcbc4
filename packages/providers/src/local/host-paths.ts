import { realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { sep } from "node:path";
import { MachineProblem } from "./machine-problem.ts";

/** Never given to a sandbox, and neither is anything that contains one of them. */
const FORBIDDEN = ["/proc", "/sys", "/dev", "/run", "/var/run", "/boot", "/etc", "/root"];
/** Forbidden as a whole; a folder below them may be named. */
const TOO_WIDE = new Set([
  "/",
  "/home",
  "/usr",
  "/var",
  "/var/lib",
  "/opt",
  "/srv",
  "/mnt",
  "/media",
  "/tmp",
  "/Users",
]);
/** Where credentials live, under any home. */
const CREDENTIALS = new Set([
  ".ssh",
  ".aws",
  ".azure",
  ".gnupg",
  ".kube",
  ".docker",
  ".netrc",
  ".npmrc",
  ".pypirc",
  ".git-credentials",
  ".claude",
  ".codex",
  "gcloud",
]);
/** The sandbox's own folders cannot be covered. */
const INSIDE = ["/workspace", "/home/agent", "/opt/agency", "/run/agency", "/bin", "/sbin", "/lib", "/lib64"];

export interface HostPathRules {
  readonly serverHome: string;
  /** The installation's own folder: database, keys and every other sandbox. */
  readonly dataDir: string;
}

/** Why a path, already without symbolic links, may not be seen inside; null when it may. */
export function refusal(path: string, rules: HostPathRules): string | null {
  if (TOO_WIDE.has(path)) return "it is far more than a task needs (name folders inside it)";
  if (path === rules.serverHome) return "it is the home folder of the server's user (name folders inside it)";
  for (const secret of [...FORBIDDEN, rules.dataDir]) {
    if (isWithin(path, secret)) return `nothing of ${secret} may be seen in a sandbox`;
    if (isWithin(secret, path)) return `it contains ${secret}, which may not be seen in a sandbox`;
  }
  if (isWithin(rules.serverHome, path)) return "it contains the home folder of the server's user";
  const credential = path.split(sep).find((part) => CREDENTIALS.has(part));
  if (credential !== undefined) return `${credential} is where credentials are kept`;
  const covered = INSIDE.find((own) => isWithin(path, own) || isWithin(own, path));
  return covered === undefined ? null : `the sandbox has its own ${covered}`;
}

/** The real paths behind the configured ones. Throws on the first that may not be given. */
export async function checkHostPaths(paths: readonly string[], dataDir: string): Promise<string[]> {
  if (paths.length === 0) return [];
  const rules = { serverHome: await realpath(homedir()), dataDir: await realpath(dataDir) };
  return Promise.all(paths.map((path) => checkHostPath(path, rules)));
}

async function checkHostPath(path: string, rules: HostPathRules): Promise<string> {
  if (!path.startsWith("/")) throw refused(path, "it is not an absolute path");
  const real = await realpath(path).catch(() => null);
  if (real === null) throw refused(path, "it does not exist");
  const reason = refusal(path, rules) ?? refusal(real, rules);
  if (reason !== null) throw refused(path, reason);
  const facts = await stat(real);
  if (!facts.isFile() && !facts.isDirectory()) throw refused(path, "it is neither a file nor a folder");
  return real;
}

function refused(path: string, reason: string): MachineProblem {
  const what = `the path ${path} cannot be given to a sandbox`;
  return new MachineProblem(
    "invalid",
    `${what}, because ${reason}`,
    "take it out of the read-only and read-write paths",
  );
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : folder + sep);
}

import { readFile, stat, statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import { dirname } from "node:path";
import type { Check } from "@agency/contract";
import { describeLimits } from "../cgroup/describe.ts";
import type { LocalContext } from "../context.ts";
import { checkHostPaths } from "../host-paths.ts";
import { listSandboxes } from "../observe-sandbox.ts";
import type { SandboxUids } from "../options.ts";
import { readEnd, readText } from "../records.ts";
import { folderOf } from "../sandbox-folder.ts";
import { ALLOW_USERNS } from "../start-failure.ts";

const GIB = 1024 ** 3;
const FREE_LEAST = GIB;
const FREE_COMFORTABLE = 5 * GIB;
const STALE_AFTER_MS = 60 * 60 * 1000;
const GROUP_AND_OTHERS = 0o077;
const OTHERS_SEARCH = 0o001;

export async function checkTools(local: LocalContext): Promise<Check> {
  const tools = await local.tools("fresh");
  return { id: "local.bwrap", level: "ok", detail: `bubblewrap ${tools.bwrapVersion} is at ${tools.bwrap}.` };
}

/** Only what the kernel says; whether it works is shown by the trial. */
export async function checkUserNamespaces(): Promise<Check> {
  const [unprivileged, most, apparmor] = await Promise.all([
    readSysctl("kernel/unprivileged_userns_clone"),
    readSysctl("user/max_user_namespaces"),
    readSysctl("kernel/apparmor_restrict_unprivileged_userns"),
  ]);
  const id = "local.userns";
  if (unprivileged === "0" || most === "0") {
    const name = most === "0" ? "user.max_user_namespaces" : "kernel.unprivileged_userns_clone";
    return {
      id,
      level: "fail",
      detail: `The kernel forbids user namespaces (${name}=0).`,
      fix: ALLOW_USERNS,
    };
  }
  if (apparmor === "1") {
    const detail =
      "AppArmor lets only programs with a profile make user namespaces; local.run shows if bwrap has one.";
    return { id, level: "ok", detail };
  }
  return { id, level: "ok", detail: "The kernel lets ordinary users make user namespaces." };
}

export async function checkUser(local: LocalContext): Promise<Check> {
  const id = "local.user";
  if (local.uids === null) {
    const uid = process.geteuid?.() ?? "unknown";
    return {
      id,
      level: "ok",
      detail: `Sandboxes run as the server's own user (uid ${uid}), apart by namespaces.`,
    };
  }
  const { first, count } = local.uids;
  const last = first + count - 1;
  const foreign = namesWithin(local.uids, (await readText("/etc/passwd")) ?? "");
  if (foreign.length > 0) {
    const detail = `The uids ${first} to ${last} are meant for sandboxes, but belong to ${foreign.join(", ")} too.`;
    return { id, level: "fail", detail, fix: "give sandboxes another range of uids" };
  }
  return {
    id,
    level: "ok",
    detail: `The server is root: each sandbox gets its own user, uid ${first} to ${last}.`,
  };
}

export async function checkCgroups(local: LocalContext): Promise<Check> {
  const found = await local.cgroups("fresh");
  const words = describeLimits(found, totalmem());
  const detail = `Memory: ${words.memory}. Processes: ${words.pids}. CPU: ${words.cpu}.`;
  const missing = ["memory", "cpu"].filter(
    (controller) => !Object.keys(found.tree?.parents ?? {}).includes(controller),
  );
  if (missing.length === 0) return { id: "local.cgroup", level: "ok", detail };
  const fix = "run the server as root, or as a systemd service with `Delegate=yes`";
  return { id: "local.cgroup", level: "warn", detail, fix };
}

export async function checkPaths(local: LocalContext): Promise<Check> {
  const paths = [...local.readOnlyPaths, ...local.readWritePaths];
  await checkHostPaths(paths, dirname(local.home));
  const detail =
    paths.length === 0 ? "No further host paths are shown inside." : `Also seen inside: ${paths.join(", ")}.`;
  return { id: "local.paths", level: "ok", detail };
}

export async function checkDisk(local: LocalContext): Promise<Check> {
  const { bavail, bsize } = await statfs(dirname(local.home));
  const free = bavail * bsize;
  const detail = `${(free / GIB).toFixed(1)} GiB are free for workspaces in ${local.home}.`;
  if (free >= FREE_COMFORTABLE) return { id: "local.disk", level: "ok", detail };
  const fix = "free some space or move the data folder";
  return { id: "local.disk", level: free < FREE_LEAST ? "fail" : "warn", detail, fix };
}

/** Closed to others; as root it may be passed, because the sandboxes' users have to. */
export async function checkDataFolder(local: LocalContext): Promise<Check> {
  const folder = dirname(local.home);
  const { mode } = await stat(folder);
  const open = mode & GROUP_AND_OTHERS & (local.uids === null ? GROUP_AND_OTHERS : ~(OTHERS_SEARCH | 0o010));
  if (open === 0) return { id: "local.data", level: "ok", detail: `${folder} is closed to other users.` };
  const wanted = local.uids === null ? "700" : "711";
  const detail = `${folder} has mode ${(mode & 0o777).toString(8)}: other users of this machine can look into it.`;
  return { id: "local.data", level: "warn", detail, fix: `run \`chmod ${wanted} ${folder}\`` };
}

/** Ended without anybody destroying them: they still hold a uid and cgroups. */
export async function checkStale(local: LocalContext): Promise<Check> {
  const stale: string[] = [];
  for await (const { ref, phase, createdAt } of listSandboxes(local)) {
    const age = local.clock.now() - Date.parse(createdAt ?? "");
    if (phase !== "gone" || !(age > STALE_AFTER_MS)) continue;
    if ((await readEnd(folderOf(local.home, ref))) === null) stale.push(ref.nativeId);
  }
  if (stale.length === 0) return { id: "local.stale", level: "ok", detail: "No sandbox was left behind." };
  const detail = `${stale.length} sandboxes ended and were never cleaned up, the first is ${stale[0] ?? ""}.`;
  return { id: "local.stale", level: "warn", detail, fix: "start the server: it removes them" };
}

export function namesWithin(uids: SandboxUids, passwd: string): string[] {
  return passwd.split("\n").flatMap((line) => {
    const [name = "", , uid = ""] = line.split(":");
    const number = Number(uid);
    return uid !== "" && number >= uids.first && number < uids.first + uids.count ? [name] : [];
  });
}

async function readSysctl(name: string): Promise<string | null> {
  return readFile(`/proc/sys/${name}`, "utf8").then(
    (text) => text.trim(),
    () => null,
  );
}

import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import type { ProviderContext, SandboxSpec } from "@agency/core";
import { ProviderError } from "@agency/core";
import { createGroups } from "./cgroup/groups.ts";
import { foldersOf } from "./cgroup/tree.ts";
import { consoleTail } from "./console.ts";
import type { LocalContext } from "./context.ts";
import type { Draft } from "./draft.ts";
import { endSandbox } from "./end-sandbox.ts";
import { handOverMounts, takeMounts } from "./given-mounts.ts";
import { launch } from "./launch.ts";
import { planLaunch, sandboxOptions } from "./launch-plan.ts";
import { prepare } from "./preparation.ts";
import type { Preparation } from "./preparation.ts";
import { identify } from "./processes.ts";
import { INSIDE } from "./profile.ts";
import { codeOf, parseStatus, readText, writeJson } from "./records.ts";
import type { SandboxRecord } from "./records.ts";
import { cgroupName, folderAt, refOf } from "./sandbox-folder.ts";
import type { SandboxFolder } from "./sandbox-folder.ts";
import { startFailure } from "./start-failure.ts";
import { claimUid } from "./uid-claims.ts";

/** From nothing to a runner about to run its first instruction, or back to nothing. */
export async function makeSandbox(
  local: LocalContext,
  spec: SandboxSpec,
  folder: SandboxFolder,
  context: ProviderContext,
): Promise<void> {
  const preparation = await prepare(local);
  if (context.signal.aborted) throw new ProviderError("transient", "making the sandbox was called off");
  const draft: Draft = { spec, folder, preparation, record: newRecord(local, spec, folder, preparation) };
  try {
    await writeFolder(local, draft);
    await context.onRef(refOf(folder.name));
    const pid = await start(local, draft, context.signal);
    if (pid === null) throw await failureOf(folder);
    await writeProcesses(folder, pid);
    local.logger.debug({ sandbox: folder.name, pid }, "the sandbox has started");
  } catch (error) {
    await undo(local, folder, error);
    throw error;
  }
}

/** How a shell says that what it had started was killed. */
const KILLED = String(128 + constants.signals.SIGKILL);

async function failureOf(folder: SandboxFolder): Promise<ProviderError> {
  const exit = await readText(folder.control.exit);
  // From outside, or for want of memory: nothing that must be so the next time.
  if (exit?.trim() === KILLED)
    return new ProviderError("transient", "the sandbox was killed while it started");
  return startFailure(await consoleTail(folder));
}

async function undo(local: LocalContext, folder: SandboxFolder, cause: unknown): Promise<void> {
  await removeUnstarted(local, folder).catch((error: unknown) => {
    const [first, second] = [cause, error].map((each) =>
      each instanceof Error ? each.message : String(each),
    );
    throw new ProviderError(
      "unknown-outcome",
      `${first ?? ""}; and what was begun is not gone (${second ?? ""})`,
      { cause },
    );
  });
}

/** What a creator left that died, or failed, before the runner began: no work of anybody. */
export async function removeUnstarted(local: LocalContext, folder: SandboxFolder): Promise<void> {
  await endSandbox(local, folder, new AbortController().signal);
  await Promise.all(
    [folder.root, draftRoot(local, folder)].map((path) => rm(path, { recursive: true, force: true })),
  );
}

function newRecord(
  local: LocalContext,
  spec: SandboxSpec,
  folder: SandboxFolder,
  { cgroups }: Preparation,
): SandboxRecord {
  return {
    installId: local.installId,
    id: spec.id,
    generation: spec.generation,
    createdAt: new Date(local.clock.now()).toISOString(),
    marker: `agency:${folder.name}:${randomBytes(16).toString("hex")}`,
    cgroups: cgroups === null ? [] : foldersOf(cgroups, cgroupName(local.installId, folder)),
  };
}

/** Built aside and renamed, so that a folder with a sandbox's name always says whose it is. */
async function writeFolder(local: LocalContext, draft: Draft): Promise<void> {
  const { folder, record, spec } = draft;
  const fresh = folderAt(draftRoot(local, folder), folder.name);
  await mkdir(fresh.root, { mode: 0o700 }).catch(async (error: unknown) => {
    if (codeOf(error) !== "EEXIST") throw error;
    await rm(fresh.root, { recursive: true, force: true });
    await mkdir(fresh.root, { mode: 0o700 });
  });
  const folders = [fresh.control.root, fresh.workspace, fresh.home, fresh.checks];
  await Promise.all(folders.map((path) => mkdir(path, { mode: 0o700 })));
  await takeMounts(spec, fresh);
  const options = sandboxOptions(local, draft).map((option) => `${option}\0`);
  await Promise.all([
    writeJson(fresh.control.record, { ...record, labels: spec.labels, deadlineAt: spec.deadlineAt }),
    writeJson(fresh.control.bootstrap, { ...spec.bootstrap, doorDir: INSIDE.door }),
    writeFile(fresh.control.arguments, options.join(""), { mode: 0o600 }),
  ]);
  await rename(fresh.root, folder.root);
}

async function start(local: LocalContext, draft: Draft, signal: AbortSignal): Promise<number | null> {
  const { folder, preparation, spec } = draft;
  const { cgroups } = preparation;
  const [uid] = await Promise.all([
    takeUid(local, folder),
    cgroups === null ? null : createGroups(cgroups, cgroupName(local.installId, folder), spec.resources),
  ]);
  return launch(planLaunch(draft, uid, local.clock.now()), local.clock, signal);
}

/** The sandbox's user passes the folder and owns its three rooms; what we keep about it stays ours. */
async function takeUid(local: LocalContext, folder: SandboxFolder): Promise<number | null> {
  if (local.uids === null) return null;
  const uid = await claimUid(local.uids, folder.root);
  await Promise.all([
    chown(folder.workspace, uid, uid),
    chown(folder.home, uid, uid),
    chown(folder.checks, uid, uid),
    handOverMounts(folder, uid),
    chown(folder.root, 0, uid).then(() => chmod(folder.root, 0o710)),
  ]);
  return uid;
}

/** Read by destroy(): with its start time pid 1 is known for ours even while the kernel takes it apart. */
async function writeProcesses(folder: SandboxFolder, first: number): Promise<void> {
  const [status, holder] = await Promise.all([
    readText(folder.control.status),
    readText(folder.control.holder),
  ]);
  const { initPid } = parseStatus(status ?? "");
  const processes = {
    holder: identify(Number(holder ?? first)),
    init: initPid === null ? null : identify(initPid),
  };
  await writeJson(folder.control.processes, { holder: await processes.holder, init: await processes.init });
}

function draftRoot(local: LocalContext, folder: SandboxFolder): string {
  return join(local.home, `.new-${folder.name}`);
}

import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ProviderContext, SandboxRef, SandboxSpec } from "@agency/core";
import { ProviderError } from "@agency/core";
import { createGroups, procsFiles } from "./cgroup/groups.ts";
import { foldersOf } from "./cgroup/tree.ts";
import { chainCommand } from "./chain.ts";
import { consoleTail } from "./console.ts";
import type { LocalContext } from "./context.ts";
import { endSandbox } from "./end-sandbox.ts";
import { withHostLock } from "./host-lock.ts";
import { FIRST_INPUT_FD, STATUS_FD, launch } from "./launch.ts";
import { prepare } from "./preparation.ts";
import type { Preparation } from "./preparation.ts";
import { identify, isChainProcess } from "./processes.ts";
import { INSIDE, insideCommand, profileArguments } from "./profile.ts";
import { isMissing, parseStatus, readEnd, readRecord, readText, writeJson } from "./records.ts";
import type { SandboxRecord } from "./records.ts";
import { folderAt, folderName, folderOf, lockKey, parseFolderName, refOf } from "./sandbox-folder.ts";
import type { SandboxFolder } from "./sandbox-folder.ts";
import { checkSpec, secondsLeft } from "./spec.ts";
import { startFailure } from "./start-failure.ts";
import { claimUid } from "./uid-claims.ts";

export async function createSandbox(
  local: LocalContext,
  spec: SandboxSpec,
  context: ProviderContext,
): Promise<SandboxRef> {
  checkSpec(spec, local.clock.now());
  return withHostLock(lockKey(local.home, spec.id), context.signal, async () => {
    const ref = refOf(folderName(spec.id, spec.generation));
    const folder = folderOf(local.home, ref);
    await fenceGenerations(local, spec, context.signal);
    if (await hasBegun(folder)) {
      await context.onRef(ref);
      return ref;
    }
    await removeUnstarted(local, folder);
    await make(local, spec, folder, context);
    return ref;
  });
}

/** A later generation ends the earlier ones and keeps their files; an earlier one comes too late. */
async function fenceGenerations(local: LocalContext, spec: SandboxSpec, signal: AbortSignal): Promise<void> {
  for (const name of await readdir(local.home).catch(noneIfMissing)) {
    const other = parseFolderName(name);
    if (other?.id !== spec.id || other.generation === spec.generation) continue;
    if (other.generation > spec.generation) {
      const message = `generation ${other.generation} of the sandbox ${spec.id} exists, ${spec.generation} is over`;
      throw new ProviderError("conflict", message);
    }
    const folder = folderOf(local.home, refOf(name));
    if ((await readEnd(folder)) === null) await endSandbox(local, folder, signal);
  }
}

/** Whether the runner may have run. Then this sandbox is never started a second time. */
async function hasBegun(folder: SandboxFolder): Promise<boolean> {
  const record = await readRecord(folder);
  if (record === null) return false;
  const { initPid } = parseStatus((await readText(folder.control.status)) ?? "");
  if (initPid !== null) return true;
  const holder = Number((await readText(folder.control.holder)) ?? "");
  return holder > 0 && (await isChainProcess(holder, record.marker));
}

/** What a creator left that died, or failed, before the runner began: no work of anybody. */
async function removeUnstarted(local: LocalContext, folder: SandboxFolder): Promise<void> {
  await endSandbox(local, folder, new AbortController().signal);
  await rm(folder.root, { recursive: true, force: true });
}

async function make(
  local: LocalContext,
  spec: SandboxSpec,
  folder: SandboxFolder,
  context: ProviderContext,
): Promise<void> {
  const preparation = await prepare(local);
  try {
    const record = await makeFolder(local, spec, folder);
    await context.onRef(refOf(folder.name));
    const pid = await start({ local, spec, folder, preparation, record }, context.signal);
    if (pid === null) throw startFailure(await consoleTail(folder));
    await writeProcesses(folder, pid);
    local.logger.debug({ sandbox: folder.name, pid }, "the sandbox has started");
  } catch (error) {
    await removeUnstarted(local, folder);
    throw error;
  }
}

/** Built aside and renamed, so that a folder with a sandbox's name always says whose it is. */
async function makeFolder(
  local: LocalContext,
  spec: SandboxSpec,
  folder: SandboxFolder,
): Promise<SandboxRecord> {
  const fresh = folderAt(join(local.home, `.new-${folder.name}`), folder.name);
  await rm(fresh.root, { recursive: true, force: true });
  await mkdir(fresh.root, { mode: 0o700 });
  await Promise.all(
    [fresh.control.root, fresh.workspace, fresh.home].map((path) => mkdir(path, { mode: 0o700 })),
  );
  const record: SandboxRecord = {
    installId: local.installId,
    id: spec.id,
    generation: spec.generation,
    createdAt: new Date(local.clock.now()).toISOString(),
    marker: `agency:${folder.name}:${randomBytes(16).toString("hex")}`,
  };
  await writeJson(fresh.control.record, { ...record, labels: spec.labels, deadlineAt: spec.deadlineAt });
  await rename(fresh.root, folder.root);
  return record;
}

interface Start {
  readonly local: LocalContext;
  readonly spec: SandboxSpec;
  readonly folder: SandboxFolder;
  readonly preparation: Preparation;
  readonly record: SandboxRecord;
}

async function start(given: Start, signal: AbortSignal): Promise<number | null> {
  const { local, spec, folder, preparation } = given;
  const uid = local.uids === null ? null : await claimUid(local.uids, folder.root);
  const { cgroups } = preparation;
  const groups = cgroups === null ? [] : foldersOf(cgroups, cgroupName(local, folder));
  await Promise.all([
    writeJson(folder.control.holdings, { uid, cgroups: groups }),
    writeFile(folder.control.bootstrap, bootstrapText(spec), { mode: 0o600 }),
    uid === null ? null : handOver(folder, uid),
  ]);
  if (cgroups !== null) await createGroups(cgroups, cgroupName(local, folder), spec.resources);
  return launch(await writePlan(given, uid, groups), local.clock, signal);
}

function cgroupName(local: LocalContext, folder: SandboxFolder): string {
  return `${local.installId}.${folder.name}`;
}

function bootstrapText(spec: SandboxSpec): string {
  return JSON.stringify({ ...spec.bootstrap, doorDir: INSIDE.door });
}

/** The sandbox's user passes the folder and owns its two rooms; what we keep about it stays ours. */
async function handOver(folder: SandboxFolder, uid: number): Promise<void> {
  await Promise.all([
    chown(folder.workspace, uid, uid),
    chown(folder.home, uid, uid),
    chown(folder.root, 0, uid).then(() => chmod(folder.root, 0o710)),
  ]);
}

async function writePlan(
  given: Start,
  uid: number | null,
  groups: readonly string[],
): Promise<Parameters<typeof launch>[0]> {
  const { local, spec, folder, preparation, record } = given;
  const { control } = folder;
  const ownFiles = Object.entries(preparation.ownFiles.files);
  const inputs = [
    control.arguments,
    preparation.ownFiles.seccomp,
    control.bootstrap,
    ...ownFiles.map(([, path]) => path),
  ];
  const fdOf = (index: number): number => FIRST_INPUT_FD + index;
  const options = profileArguments(
    preparation.hostRoot,
    { ...preparation, workspace: folder.workspace, home: folder.home, door: local.doorDir },
    {
      status: STATUS_FD,
      seccomp: fdOf(1),
      bootstrap: fdOf(2),
      files: Object.fromEntries(ownFiles.map(([path], index) => [path, fdOf(3 + index)])),
    },
    spec.resources.tmpBytes,
  );
  await writeFile(control.arguments, options.map((option) => `${option}\0`).join(""), { mode: 0o600 });
  const command = chainCommand({
    tools: preparation.tools,
    marker: record.marker,
    controlDir: control.root,
    cgroupProcs: procsFiles(groups),
    uid,
    secondsLeft: secondsLeft(spec, local.clock.now()),
    argumentsFd: fdOf(0),
    command: insideCommand(preparation.tools.prlimit, preparation.hostRoot, spec.resources),
  });
  return {
    command,
    consolePath: control.console,
    statusPath: control.status,
    inputs,
    inherited: preparation.inherited,
  };
}

/** Read by destroy(): with its start time pid 1 is known for ours even while the kernel takes it apart. */
async function writeProcesses(folder: SandboxFolder, first: number): Promise<void> {
  const { initPid } = parseStatus((await readText(folder.control.status)) ?? "");
  const holder = Number((await readText(folder.control.holder)) ?? first);
  await writeJson(folder.control.processes, {
    holder: await identify(holder),
    init: initPid === null ? null : await identify(initPid),
  });
}

function noneIfMissing(error: unknown): string[] {
  if (isMissing(error)) return [];
  throw error;
}

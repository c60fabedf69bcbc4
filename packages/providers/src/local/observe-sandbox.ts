import { readdir } from "node:fs/promises";
import type { SandboxObservation, SandboxRef } from "@agency/core";
import { wasOutOfMemory } from "./cgroup/groups.ts";
import type { LocalContext } from "./context.ts";
import { isHostLocked } from "./host-lock.ts";
import { isChainProcess } from "./processes.ts";
import { isMissing, parseStatus, readEnd, readRecord, readText } from "./records.ts";
import type { SandboxRecord } from "./records.ts";
import { folderOf, lockKey, parseFolderName, refOf } from "./sandbox-folder.ts";
import type { SandboxFolder } from "./sandbox-folder.ts";

const KILLED = 128 + 9;

export async function observeSandbox(local: LocalContext, ref: SandboxRef): Promise<SandboxObservation> {
  const folder = folderOf(local.home, ref);
  const record = await readRecord(folder);
  if (record === null) return { ref, phase: "gone", reason: "unknown", ...parsed(folder.name) };
  return observeFolder(local, folder, record);
}

/** Folders of another installation are not ours to speak of. One without a legible record holds no process. */
export async function* listSandboxes(local: LocalContext): AsyncIterable<SandboxObservation> {
  const names = await readdir(local.home).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  for (const name of names) {
    if (parseFolderName(name) === null) continue;
    const folder = folderOf(local.home, refOf(name));
    const record = await readRecord(folder);
    if (record === null) yield { ref: refOf(name), phase: "gone", reason: "unknown", ...parsed(name) };
    else if (record.installId === local.installId) yield await observeFolder(local, folder, record);
  }
}

async function observeFolder(
  local: LocalContext,
  folder: SandboxFolder,
  record: SandboxRecord,
): Promise<SandboxObservation> {
  const known = {
    ref: refOf(folder.name),
    createdAt: record.createdAt,
    sandboxId: record.id,
    generation: record.generation,
  };
  const holder = Number((await readText(folder.control.holder)) ?? "");
  const { initPid } = parseStatus((await readText(folder.control.status)) ?? "");
  // Written when the runner has ended: what it left is being killed, and the holder is about to go.
  const exited = ((await readText(folder.control.exit)) ?? "") !== "";
  if (!exited && holder > 0 && (await isChainProcess(holder, record.marker))) {
    return { ...known, phase: initPid === null ? "pending" : "running" };
  }
  if (
    holder === 0 &&
    (await readEnd(folder)) === null &&
    (await isHostLocked(lockKey(local.home, record.id)))
  ) {
    return { ...known, phase: "pending" };
  }
  return { ...known, phase: "gone", ...(await ending(folder, record)) };
}

/** Without an exit code the holder was killed too: by destroy(), by its deadline or by hand. */
async function ending(
  folder: SandboxFolder,
  record: SandboxRecord,
): Promise<Pick<SandboxObservation, "reason" | "exitCode">> {
  const text = ((await readText(folder.control.exit)) ?? "").trim();
  if (text === "") return { reason: (await readText(folder.control.holder)) === null ? "unknown" : "killed" };
  const exitCode = Number(text);
  if (exitCode !== KILLED) return { reason: "exit", exitCode };
  const oom = (await readEnd(folder))?.oom === true || (await wasOutOfMemory(record.cgroups));
  return { reason: oom ? "oom" : "killed", exitCode };
}

function parsed(name: string): { sandboxId?: string; generation?: number } {
  const parts = parseFolderName(name);
  return parts === null ? {} : { sandboxId: parts.id, generation: parts.generation };
}

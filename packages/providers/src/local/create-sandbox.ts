import { readdir } from "node:fs/promises";
import type { ProviderContext, SandboxRef, SandboxSpec } from "@agency/core";
import { ProviderError } from "@agency/core";
import type { LocalContext } from "./context.ts";
import { endSandbox } from "./end-sandbox.ts";
import { withHostLock } from "./host-lock.ts";
import { makeSandbox, removeUnstarted } from "./make-sandbox.ts";
import { isChainProcess } from "./processes.ts";
import { isMissing, parseStatus, readEnd, readRecord, readText } from "./records.ts";
import { folderName, folderOf, lockKey, parseFolderName, refOf } from "./sandbox-folder.ts";
import type { SandboxFolder } from "./sandbox-folder.ts";
import { checkSpec } from "./spec.ts";

/** Makes the sandbox unless it was made before; whatever a dead creator left half-made is made anew. */
export async function createSandbox(
  local: LocalContext,
  spec: SandboxSpec,
  context: ProviderContext,
): Promise<SandboxRef> {
  checkSpec(spec, local.clock.now());
  return withHostLock(lockKey(local.home, spec.id), context.signal, async () => {
    const ref = refOf(folderName(spec.id, spec.generation));
    const folder = folderOf(local.home, ref);
    const generations = await generationsOf(local.home, spec.id);
    await fence(local, spec, generations, context.signal);
    if (generations.includes(spec.generation)) {
      if (await hasBegun(folder)) {
        await context.onRef(ref);
        return ref;
      }
      await removeUnstarted(local, folder);
    }
    await makeSandbox(local, spec, folder, context);
    return ref;
  });
}

async function generationsOf(home: string, id: string): Promise<number[]> {
  const names = await readdir(home).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names.map(parseFolderName).flatMap((parts) => (parts?.id === id ? [parts.generation] : []));
}

/** A later generation ends the earlier ones and keeps their files; an earlier one comes too late. */
async function fence(
  local: LocalContext,
  spec: SandboxSpec,
  generations: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const latest = Math.max(spec.generation, ...generations);
  if (latest > spec.generation) {
    const message = `generation ${latest} of the sandbox ${spec.id} exists, ${spec.generation} is over`;
    throw new ProviderError("conflict", message);
  }
  for (const earlier of generations.filter((generation) => generation < spec.generation)) {
    const folder = folderOf(local.home, refOf(folderName(spec.id, earlier)));
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

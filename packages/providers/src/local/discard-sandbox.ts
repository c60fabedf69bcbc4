import { rmdir } from "node:fs/promises";
import type { LocalContext } from "./context.ts";
import { endSandbox } from "./end-sandbox.ts";
import { isMissing } from "./records.ts";
import { removeTree } from "./remove-tree.ts";
import type { SandboxFolder } from "./sandbox-folder.ts";

/** Everything of a sandbox, after it has ended. The record goes last, so that a removal cut short is found again. */
export async function discardSandbox(
  local: LocalContext,
  folder: SandboxFolder,
  signal: AbortSignal,
): Promise<void> {
  await endSandbox(local, folder, signal);
  await removeTree([folder.workspace, folder.home, folder.checks, folder.mounts.root], signal);
  await removeTree([folder.control.root], signal);
  await rmdir(folder.root).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

import { join } from "node:path";
import type { Settings } from "@agency/contract";
import type { Logger, Provider, ResourceLimits } from "@agency/core";
import { createLocalProvider } from "@agency/providers";
import type { DataFolder } from "./data-folder.ts";
import type { InstalledEngine } from "./engines.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

/** The provider `local` with this installation's programs. */
export function wireLocal(
  settings: Settings,
  folder: DataFolder,
  engines: readonly InstalledEngine[],
  logger: Logger,
): Provider {
  return createLocalProvider({
    home: folder.sandboxes,
    doorDir: folder.door,
    installId: folder.installId,
    runtime: {
      nodePath: process.execPath,
      runnerPath: join(ROOT, "dist", "runner.mjs"),
      enginePaths: Object.fromEntries(engines.flatMap(({ programs }) => Object.entries(programs))),
    },
    readOnlyPaths: settings.sandboxReadonly,
    readWritePaths: settings.sandboxReadwrite,
    logger,
  });
}

export function sandboxResources(settings: Settings): ResourceLimits {
  return {
    memoryBytes: settings.sandboxMemory,
    pids: settings.sandboxPids,
    cpus: settings.sandboxCpus,
    tmpBytes: 512 * MiB,
    fileBytes: 8 * GiB,
  };
}

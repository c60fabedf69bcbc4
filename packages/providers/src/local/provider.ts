import { existsSync } from "node:fs";
import { totalmem } from "node:os";
import { join, resolve } from "node:path";
import type { Provider, ProviderCapabilities, SandboxObservation, SandboxRef } from "@agency/core";
import { ProviderError } from "@agency/core";
import { describeLimits } from "./cgroup/describe.ts";
import { findTree } from "./cgroup/find-tree.ts";
import { consoleTail } from "./console.ts";
import type { LocalContext } from "./context.ts";
import { createSandbox } from "./create-sandbox.ts";
import { discardSandbox } from "./discard-sandbox.ts";
import { runChecks } from "./doctor/checks.ts";
import { endSandbox } from "./end-sandbox.ts";
import { attempt, toProviderError } from "./failure.ts";
import { withHostLock } from "./host-lock.ts";
import { readHostRoot } from "./host-root.ts";
import { inheritedDescriptors } from "./inherited.ts";
import { listSandboxes, observeSandbox } from "./observe-sandbox.ts";
import { once } from "./once.ts";
import { DEFAULT_SEARCH_PATH, DEFAULT_UIDS } from "./options.ts";
import type { LocalProviderOptions } from "./options.ts";
import { createOwnFiles } from "./own-files.ts";
import { runtimeDir } from "./preparation.ts";
import { PROVIDER_ID, folderOf, lockKey, parseFolderName } from "./sandbox-folder.ts";
import type { SandboxFolder } from "./sandbox-folder.ts";
import { systemClock } from "./system-clock.ts";
import { findTools } from "./tools.ts";

/** Installation ids become names of cgroups, engine names become names of files. */
const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/u;

/** Sandboxes on this machine, made by bubblewrap and held by the kernel alone. */
export function createLocalProvider(options: LocalProviderOptions): Provider {
  const local = createContext(options);
  return {
    id: PROVIDER_ID,
    title: "This machine",
    capabilities: () => attempt("finding out the limits", () => capabilities(local)),
    check: (signal) => runChecks(local, signal),
    create: (spec, context) =>
      attempt(`creating the sandbox ${spec.id}`, () => createSandbox(local, spec, context)),
    observe: (ref) => attempt(`observing the sandbox ${ref.nativeId}`, () => observeSandbox(local, ref)),
    list: () => list(local),
    destroy: (ref, signal) =>
      attempt(`destroying the sandbox ${ref.nativeId}`, () => alone(local, ref, signal, endSandbox)),
    discard: (ref, signal) =>
      attempt(`discarding the sandbox ${ref.nativeId}`, () => alone(local, ref, signal, discardSandbox)),
    console: (ref) => attempt("reading the console", () => consoleTail(folderOf(local.home, ref))),
    mounted: (ref, name) => {
      const { writable } = folderOf(local.home, ref).mounts;
      return existsSync(join(writable, name)) ? join(writable, name) : null;
    },
    workspace: (ref) => (parseFolderName(ref.nativeId) === null ? null : folderOf(local.home, ref).workspace),
  };
}

function createContext(options: LocalProviderOptions): LocalContext {
  for (const name of [options.installId, ...Object.keys(options.runtime.enginePaths)]) {
    if (!PLAIN_NAME.test(name))
      throw new ProviderError("invalid", `"${name}" may hold letters, digits, - and _ only`);
  }
  const asRoot = process.geteuid?.() === 0;
  const clock = options.clock ?? systemClock;
  const searchPath = options.searchPath ?? DEFAULT_SEARCH_PATH;
  const home = resolve(options.home);
  return {
    home,
    doorDir: resolve(options.doorDir),
    installId: options.installId,
    runtime: options.runtime,
    readOnlyPaths: options.readOnlyPaths,
    readWritePaths: options.readWritePaths,
    uids: asRoot ? (options.sandboxUids ?? DEFAULT_UIDS) : null,
    searchPath,
    clock,
    logger: options.logger,
    tools: once(() => findTools(searchPath, asRoot)),
    hostRoot: once(readHostRoot),
    inherited: once(inheritedDescriptors),
    cgroups: once(() => findTree(asRoot, clock)),
    ownFiles: createOwnFiles(runtimeDir(home), process.arch),
  };
}

async function capabilities(local: LocalContext): Promise<ProviderCapabilities> {
  return {
    start: "exec",
    ttl: "hard",
    isolation: "os",
    mounts: true,
    limits: describeLimits(await local.cgroups(), totalmem()),
  };
}

async function* list(local: LocalContext): AsyncIterable<SandboxObservation> {
  try {
    yield* listSandboxes(local);
  } catch (error) {
    throw toProviderError(`listing the sandboxes in ${local.home}`, error);
  }
}

/** Never beside a creator, or another destroyer, of the same sandbox. */
async function alone(
  local: LocalContext,
  ref: SandboxRef,
  signal: AbortSignal,
  work: (local: LocalContext, folder: SandboxFolder, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const folder = folderOf(local.home, ref);
  const id = parseFolderName(folder.name)?.id ?? folder.name;
  await withHostLock(lockKey(local.home, id), signal, () => work(local, folder, signal));
}

import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CgroupTree } from "./cgroup/tree.ts";
import type { LocalContext, OwnFiles } from "./context.ts";
import { checkHostPaths } from "./host-paths.ts";
import type { HostRoot } from "./host-root.ts";
import { MachineProblem } from "./machine-problem.ts";
import { closedFolder, makeOpenFolder, resolveProgram, stageForEveryone, stageSealed } from "./staging.ts";
import type { Program } from "./staging.ts";
import type { Tools } from "./tools.ts";

/** All that is known of the machine before a sandbox is made; finding it out leaves nothing behind. */
export interface Preparation {
  readonly tools: Tools;
  readonly hostRoot: HostRoot;
  readonly ownFiles: OwnFiles;
  readonly cgroups: CgroupTree | null;
  readonly inherited: readonly number[];
  readonly node: string;
  readonly sealedNode: string;
  readonly runner: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly readOnly: readonly string[];
  readonly readWrite: readonly string[];
}

export async function prepare(local: LocalContext): Promise<Preparation> {
  await makeOpenFolder(local.home, local.uids === null ? 0o700 : 0o711);
  const dataDir = dirname(local.home);
  const [tools, hostRoot, ownFiles, cgroups, inherited, programs, readOnly, readWrite] = await Promise.all([
    local.tools(),
    local.hostRoot(),
    local.ownFiles(),
    local.cgroups(),
    local.inherited(),
    placePrograms(local),
    checkHostPaths(local.readOnlyPaths, dataDir),
    checkHostPaths(local.readWritePaths, dataDir),
    checkDoor(local),
    local.uids === null ? null : checkReachable(local.home),
  ]);
  return { tools, hostRoot, ownFiles, cgroups: cgroups.tree, inherited, ...programs, readOnly, readWrite };
}

export function runtimeDir(home: string): string {
  return join(dirname(home), "runtime");
}

type Programs = Pick<Preparation, "node" | "sealedNode" | "runner" | "engines">;

async function placePrograms(local: LocalContext): Promise<Programs> {
  const { nodePath, runnerPath, enginePaths } = local.runtime;
  const place = async (program: Program): Promise<string> =>
    local.uids === null
      ? resolveProgram(program)
      : stageForEveryone(runtimeDir(local.home), program, local.clock.now());
  const names = Object.keys(enginePaths);
  const nodeProgram: Program = { name: "node", source: nodePath, executable: true };
  const [node, sealedNode, runner, ...engines] = await Promise.all([
    place(nodeProgram),
    stageSealed(runtimeDir(local.home), nodeProgram, local.clock.now()),
    place({ name: "runner", source: runnerPath, executable: false }),
    ...Object.entries(enginePaths).map(([name, source]) =>
      place({ name: `engine-${name}`, source, executable: true }),
    ),
  ]);
  return {
    node,
    sealedNode,
    runner,
    engines: Object.fromEntries(names.map((name, index) => [name, engines[index] ?? ""])),
  };
}

async function checkDoor(local: LocalContext): Promise<void> {
  const facts = await stat(local.doorDir).catch(() => null);
  if (facts?.isDirectory() !== true) {
    throw new MachineProblem(
      "unavailable",
      `the uplink's folder ${local.doorDir} is not there`,
      "start the server first",
    );
  }
  if (local.uids !== null) await checkReachable(local.doorDir);
}

/** bwrap opens the folders it mounts as the sandbox's own user. */
async function checkReachable(folder: string): Promise<void> {
  const closed = await closedFolder(folder);
  if (closed === null) return;
  throw new MachineProblem(
    "unavailable",
    `the sandbox user cannot pass ${closed} on the way to ${folder}`,
    `run \`chmod o+x ${closed}\` or use a data folder such as /var/lib/agency`,
  );
}

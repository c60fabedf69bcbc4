import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Clock, ResourceLimits } from "@agency/core";
import { readText } from "../records.ts";
import { createGroups, prepareParents, removeGroups } from "./groups.ts";
import { CONTROLLERS, candidateParents, parseMounts, parseOwnPath } from "./mounts.ts";
import type { Controller } from "./mounts.ts";
import { foldersOf, joinFiles } from "./tree.ts";
import type { CgroupTree } from "./tree.ts";

const run = promisify(execFile);
const OURS = "agency";
const JOIN = 'for file in "$@"; do echo 0 >"$file" || exit 1; done';
const PROBE_TIMEOUT_MS = 2000;
const PROBE_LIMITS: ResourceLimits = {
  memoryBytes: 64 * 1024 * 1024,
  pids: 16,
  cpus: 1,
  tmpBytes: 0,
  fileBytes: 0,
};

export interface FoundTree {
  readonly tree: CgroupTree | null;
  /** Why there is none, or what is missing. */
  readonly problem: string | null;
}

/** Looks for a place that really works: a cgroup is made there, limited, joined and removed. */
export async function findTree(asRoot: boolean, clock: Clock): Promise<FoundTree> {
  const [mountinfo, cgroup] = await Promise.all([
    readFile("/proc/self/mountinfo", "utf8"),
    readText("/proc/self/cgroup"),
  ]);
  const mounts = parseMounts(mountinfo);
  const trees = [
    ...(mounts.unified === null
      ? []
      : await version2Trees(mounts.unified, parseOwnPath(cgroup ?? ""), asRoot)),
    ...version1Trees(mounts.v1),
  ];
  let problem = "this machine has no cgroup with memory, pids or cpu controllers";
  for (const tree of trees) {
    const failure = await probe(tree, clock);
    if (failure === null) return { tree, problem: null };
    problem = failure;
  }
  return { tree: null, problem };
}

async function version2Trees(mount: string, ownPath: string, asRoot: boolean): Promise<CgroupTree[]> {
  const trees: CgroupTree[] = [];
  for (const candidate of candidateParents(mount, ownPath, asRoot)) {
    const available = ((await readText(join(candidate, "cgroup.controllers"))) ?? "").trim().split(" ");
    const held = CONTROLLERS.filter((controller) => available.includes(controller));
    if (held.length === 0) continue;
    const parent = join(candidate, OURS);
    trees.push({ version: 2, parents: parentsOf(held.map((c) => [c, parent])) });
  }
  return trees;
}

function version1Trees(v1: Readonly<Partial<Record<Controller, string>>>): CgroupTree[] {
  const parents = parentsOf(
    CONTROLLERS.flatMap((controller) => {
      const mount = v1[controller];
      return mount === undefined ? [] : [[controller, join(mount, OURS)]];
    }),
  );
  return Object.keys(parents).length === 0 ? [] : [{ version: 1, parents }];
}

function parentsOf(entries: readonly (readonly [Controller, string])[]): Partial<Record<Controller, string>> {
  const parents: Partial<Record<Controller, string>> = {};
  for (const [controller, parent] of entries) parents[controller] = parent;
  return parents;
}

/** Delegation may let us make a cgroup and still not let us move a process there, so one is moved. */
async function probe(tree: CgroupTree, clock: Clock): Promise<string | null> {
  const name = `probe-${randomBytes(6).toString("hex")}`;
  const folders = foldersOf(tree, name);
  try {
    await prepareParents(tree);
    await createGroups(tree, name, PROBE_LIMITS);
    await run("/bin/sh", ["-c", JOIN, "probe", ...joinFiles(tree, name)], {
      env: {},
      timeout: PROBE_TIMEOUT_MS,
    });
    return null;
  } catch (error) {
    return `cgroup version ${tree.version} is not ours to use: ${reasonOf(error)}`;
  } finally {
    await removeGroups(folders, clock, clock.now() + PROBE_TIMEOUT_MS);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = "stderr" in error && typeof error.stderr === "string" ? error.stderr.trim() : "";
  return (said === "" ? error.message : said).split("\n").at(0) ?? "";
}

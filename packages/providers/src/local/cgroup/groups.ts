import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Clock, ResourceLimits } from "@agency/core";
import { ProviderError } from "@agency/core";
import { kill } from "../processes.ts";
import { codeOf, isMissing, readText } from "../records.ts";
import { foldersOf, parseOomKills, settingsOf } from "./tree.ts";
import type { CgroupTree, Setting } from "./tree.ts";

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 50;

/** Makes the folders and sets their limits. Whoever joins is held by them. */
export async function createGroups(tree: CgroupTree, name: string, limits: ResourceLimits): Promise<void> {
  await Promise.all(foldersOf(tree, name).map((folder) => mkdir(folder, { recursive: true })));
  const settings = Map.groupBy(settingsOf(tree, name, limits), ({ file }) => dirname(file));
  await Promise.all([...settings.values()].map(applySettings));
}

/** In their order: within one controller a later one may build on an earlier. */
async function applySettings(settings: readonly Setting[]): Promise<void> {
  for (const { file, value, optional } of settings) {
    await writeFile(file, value).catch((error: unknown) => {
      if (optional && (isMissing(error) || codeOf(error) === "EACCES")) return;
      throw new ProviderError(
        "unavailable",
        `the limit ${basename(file)}=${value} was not accepted by the kernel`,
        {
          cause: error,
        },
      );
    });
  }
}

/** Kills whatever is left in the groups and removes them. Idempotent. */
export async function removeGroups(folders: readonly string[], clock: Clock, until: number): Promise<void> {
  await Promise.all(folders.map((folder) => removeGroup(folder, clock, until)));
}

async function removeGroup(folder: string, clock: Clock, until: number): Promise<void> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const removed = await rmdir(folder).then(
      () => true,
      (error: unknown) => isMissing(error),
    );
    if (removed) return;
    await killGroup(folder);
    if (clock.now() > until) {
      throw new ProviderError("transient", `processes are left in the cgroup ${folder}: destroy it again`);
    }
    await clock.sleep(wait);
  }
}

async function killGroup(folder: string): Promise<void> {
  const atOnce = await writeFile(join(folder, "cgroup.kill"), "1", { flag: "r+" }).then(
    () => true,
    () => false,
  );
  if (atOnce) return;
  const members = await readText(join(folder, "cgroup.procs")).catch(() => null);
  for (const pid of (members ?? "").split("\n").filter((line) => line !== "")) kill(Number(pid));
}

export async function wasOutOfMemory(folders: readonly string[]): Promise<boolean> {
  const texts = await Promise.all(
    folders.flatMap((folder) =>
      ["memory.events", "memory.oom_control"].map((file) =>
        readFile(join(folder, file), "utf8").catch(() => ""),
      ),
    ),
  );
  return texts.some((text) => parseOomKills(text) > 0);
}

/** Our own parent folders, made when missing; version 2 hands the controllers down step by step. */
export async function prepareParents(tree: CgroupTree): Promise<void> {
  await Promise.all(foldersOf(tree, ".").map((folder) => mkdir(folder, { recursive: true })));
  if (tree.version === 1) return;
  const wanted = Object.keys(tree.parents).map((controller) => `+${controller}`);
  for (const parent of new Set(Object.values(tree.parents))) {
    await writeFile(join(dirname(parent), "cgroup.subtree_control"), wanted.join(" "));
    await writeFile(join(parent, "cgroup.subtree_control"), wanted.join(" "));
  }
}

import { join } from "node:path";
import type { ResourceLimits } from "@agency/core";
import type { Controller } from "./mounts.ts";

/** Where on this machine the cgroups of sandboxes are made, and what they can hold. */
export interface CgroupTree {
  readonly version: 1 | 2;
  /** Controller → folder below which each sandbox gets its own. */
  readonly parents: Readonly<Partial<Record<Controller, string>>>;
}

export interface Setting {
  readonly file: string;
  readonly value: string;
  /** Missing where the kernel does not account for swap. */
  readonly optional: boolean;
}

const CPU_PERIOD_US = 100_000;

/** A sandbox's own cgroup folders, each once. */
export function foldersOf(tree: CgroupTree, name: string): string[] {
  return [...new Set(Object.values(tree.parents))].map((parent) => join(parent, name));
}

/**
 * Files into which a process writes "0" to join. In version 1 that is `tasks`: for a single thread the
 * kernel then skips a lock over all processes of the machine, which costs milliseconds a controller.
 */
export function joinFiles(tree: CgroupTree, name: string): string[] {
  return foldersOf(tree, name).map((folder) => join(folder, tree.version === 1 ? "tasks" : "cgroup.procs"));
}

export function settingsOf(tree: CgroupTree, name: string, limits: ResourceLimits): Setting[] {
  const files = tree.version === 2 ? version2(limits) : version1(limits);
  return files.flatMap(([controller, file, value, optional]) => {
    const parent = tree.parents[controller];
    return parent === undefined ? [] : [{ file: join(parent, name, file), value, optional }];
  });
}

type Row = readonly [Controller, string, string, boolean];

function version2(limits: ResourceLimits): Row[] {
  return [
    ["memory", "memory.max", String(limits.memoryBytes), false],
    ["memory", "memory.swap.max", "0", true],
    ["pids", "pids.max", String(limits.pids), false],
    ["cpu", "cpu.max", `${quota(limits.cpus)} ${CPU_PERIOD_US}`, false],
  ];
}

/** memsw counts memory and swap together, and may not be set below memory itself: that comes first. */
function version1(limits: ResourceLimits): Row[] {
  return [
    ["memory", "memory.limit_in_bytes", String(limits.memoryBytes), false],
    ["memory", "memory.memsw.limit_in_bytes", String(limits.memoryBytes), true],
    ["pids", "pids.max", String(limits.pids), false],
    ["cpu", "cpu.cfs_period_us", String(CPU_PERIOD_US), false],
    ["cpu", "cpu.cfs_quota_us", String(quota(limits.cpus)), false],
  ];
}

/** The kernel takes no quota under one millisecond. */
function quota(cpus: number): number {
  return Math.max(1000, Math.round(cpus * CPU_PERIOD_US));
}

/** How often the memory killer struck, from memory.events (2) or memory.oom_control (1). */
export function parseOomKills(text: string): number {
  const line = text.split("\n").find((line) => line.startsWith("oom_kill "));
  return line === undefined ? 0 : Number(line.slice("oom_kill ".length));
}

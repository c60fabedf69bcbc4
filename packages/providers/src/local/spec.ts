import { isAbsolute } from "node:path";
import type { ResourceLimits, SandboxMount, SandboxSpec } from "@agency/core";
import { ProviderError } from "@agency/core";
import { isSandboxId } from "./sandbox-folder.ts";

const LABEL = /^[a-z0-9-]{1,63}$/u;

/** Throws on what could never be made, before anything is touched. */
export function checkSpec(spec: SandboxSpec, now: number): void {
  if (!isSandboxId(spec.id))
    throw invalid(`the sandbox id "${spec.id}" may hold letters, digits and dashes only`);
  if (!Number.isSafeInteger(spec.generation) || spec.generation < 0) {
    throw invalid(`the generation ${spec.generation} is no whole number`);
  }
  for (const [name, value] of Object.entries(spec.labels)) {
    if (!LABEL.test(name) || !LABEL.test(value))
      throw invalid(`the label ${name}=${value} does not fit [a-z0-9-]{1,63}`);
  }
  checkResources(spec.resources);
  checkMounts(spec.mounts ?? []);
  const deadline = Date.parse(spec.deadlineAt);
  if (Number.isNaN(deadline)) throw invalid(`the deadline "${spec.deadlineAt}" is no instant`);
  if (deadline <= now) throw invalid(`the deadline ${spec.deadlineAt} has passed`);
}

/** In whole seconds, as every `timeout` takes it; never early. */
export function secondsLeft(spec: SandboxSpec, now: number): number {
  return Math.max(1, Math.ceil((Date.parse(spec.deadlineAt) - now) / 1000));
}

function checkResources(resources: ResourceLimits): void {
  const whole = ["memoryBytes", "pids", "tmpBytes", "fileBytes"] as const;
  for (const name of whole) {
    if (!Number.isSafeInteger(resources[name]) || resources[name] <= 0) {
      throw invalid(`the limit ${name} must be a whole number above 0, not ${resources[name]}`);
    }
  }
  if (!Number.isFinite(resources.cpus) || resources.cpus <= 0) {
    throw invalid(`the limit cpus must be above 0, not ${resources.cpus}`);
  }
}

/** Beside what is ours inside, never over it. */
const MOUNT_TARGET = /^\/opt\/agency\/[a-z]{1,32}$/u;
const OUR_OWN = new Set(["/opt/agency/bin", "/opt/agency/engines"]);

function checkMounts(mounts: readonly SandboxMount[]): void {
  for (const { name, source, target } of mounts) {
    if (!MOUNT_TARGET.test(target) || OUR_OWN.has(target))
      throw invalid(`nothing can be mounted at ${target}`);
    if (!isAbsolute(source)) throw invalid(`the folder "${source}" is no absolute path`);
    if (mounts.filter((other) => other.name === name || other.target === target).length > 1)
      throw invalid(`${name} is to be mounted twice`);
  }
}

function invalid(message: string): ProviderError {
  return new ProviderError("invalid", message);
}

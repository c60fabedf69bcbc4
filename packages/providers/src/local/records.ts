import { readFile, writeFile } from "node:fs/promises";
import type { ProcessId } from "./processes.ts";
import type { SandboxFolder } from "./sandbox-folder.ts";

/** Who this sandbox is. Written before its folder gets its name, never changed. */
export interface SandboxRecord {
  readonly installId: string;
  readonly id: string;
  readonly generation: number;
  readonly createdAt: string;
  /** Unguessable word in the command line of every process of ours: their proof of identity. */
  readonly marker: string;
  /** Its cgroup folders, named before they are made so that they can always be given back. */
  readonly cgroups: readonly string[];
}

export interface Processes {
  readonly holder: ProcessId;
  readonly init: ProcessId | null;
}

/** How destroy() found it. */
export interface End {
  readonly at: string;
  readonly oom: boolean;
}

export async function readRecord(folder: SandboxFolder): Promise<SandboxRecord | null> {
  return parseRecord(await readJson(folder.control.record));
}

export async function readProcesses(folder: SandboxFolder): Promise<Processes | null> {
  const json = await readJson(folder.control.processes);
  if (!isObject(json)) return null;
  const holder = toProcessId(json["holder"]);
  return holder === null ? null : { holder, init: toProcessId(json["init"]) };
}

export async function readEnd(folder: SandboxFolder): Promise<End | null> {
  const json = await readJson(folder.control.end);
  if (!isObject(json) || typeof json["at"] !== "string") return null;
  return { at: json["at"], oom: json["oom"] === true };
}

export async function writeJson(path: string, value: object): Promise<void> {
  await writeFile(path, JSON.stringify(value), { mode: 0o600 });
}

/** What bwrap says of itself on --json-status-fd: one JSON object a line, the last possibly half written. */
export function parseStatus(text: string): { initPid: number | null; exitCode: number | null } {
  let initPid: number | null = null;
  let exitCode: number | null = null;
  for (const line of text.split("\n")) {
    const json = parseJson(line);
    if (!isObject(json)) continue;
    if (typeof json["child-pid"] === "number") initPid = json["child-pid"];
    if (typeof json["exit-code"] === "number") exitCode = json["exit-code"];
  }
  return { initPid, exitCode };
}

/** The text of a file, or null when there is none. Any other failure is the caller's to know of. */
export async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
}

export function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  return text === null ? null : parseJson(text);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function parseRecord(json: unknown): SandboxRecord | null {
  if (!isObject(json)) return null;
  const text = (key: string): string => (typeof json[key] === "string" ? json[key] : "");
  const generation = json["generation"];
  if (typeof generation !== "number" || text("marker") === "" || text("id") === "") return null;
  return {
    installId: text("installId"),
    id: text("id"),
    generation,
    createdAt: text("createdAt"),
    marker: text("marker"),
    cgroups: Array.isArray(json["cgroups"]) ? json["cgroups"].filter((path) => typeof path === "string") : [],
  };
}

function toProcessId(json: unknown): ProcessId | null {
  if (!isObject(json) || typeof json["pid"] !== "number" || typeof json["startedAt"] !== "string")
    return null;
  return { pid: json["pid"], startedAt: json["startedAt"] };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

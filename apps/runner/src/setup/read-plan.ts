import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Restore } from "@agency/contract";
import type { Git, GitCall } from "../workspace/git.ts";
import { gitProblem } from "../workspace/git.ts";
import { z } from "zod";
import { devcontainerSchema, repositoryConfigSchema } from "./config-schema.ts";
import type { Devcontainer, RepositoryConfig } from "./config-schema.ts";
import { parseJsonWithComments } from "./json-with-comments.ts";
import { planSetup } from "./plan-setup.ts";
import type { SetupPlan } from "./plan-setup.ts";

const READ_MS = 30_000;
const MAX_BYTES = 256 * 1024;
const CONFIGS = [".agency/config.json", ".agency/config.yaml", ".agency/config.yml"];
const DEVCONTAINERS = [".devcontainer/devcontainer.json", ".devcontainer.json"];
const PLACES = [".agency", ".devcontainer", ".devcontainer.json"];

export interface ReadOptions {
  git: Git;
  workspace: string;
  /** The commit whose configuration counts: see `configCommit`. */
  commit: string;
  /** What the restored files say they began from; null when nothing was restored. */
  restoredBase: string | null;
  signal: AbortSignal;
}

export type ReadPlan =
  /** `plan` null: the repository says nothing. */
  | { readonly ok: true; readonly plan: SetupPlan | null; readonly notices: readonly string[] }
  | { readonly ok: false; readonly problem: string };

const NOTHING: ReadPlan = { ok: true, plan: null, notices: [] };

/**
 * What is restored says itself which commit it began from, and an agent had a hand in it: it could name one it made, or
 * an old one from before there were checks. So what counts is the commit that this sandbox cloned. Only what people
 * uploaded themselves (checkpoint 0) may bring its own.
 */
export function configCommit(cloned: string, base: string, restore: Pick<Restore, "number"> | null): string {
  return restore?.number === 0 ? base : cloned;
}

/** From a commit, never from the files: an agent that worked on them must not find its checks made weaker. */
export async function readPlan(options: ReadOptions): Promise<ReadPlan> {
  const { git, commit, restoredBase, workspace, signal } = options;
  // Most tasks have neither: looking spares them two processes before the agent's first word.
  if (restoredBase === null && !(await hasAny(workspace))) return NOTHING;
  const call: GitCall = { timeoutMs: READ_MS, signal, env: { GIT_NO_REPLACE_OBJECTS: "1" } };
  const listed = await list(git, call, commit);
  const problem = gitProblem("Reading the repository's configuration", listed);
  if (problem !== null) return { ok: false, problem };
  const stale = await isOther(options, call, listed.stdout);
  const notices = stale ? ["the configuration in what was restored is not the repository's: not read"] : [];
  const read = await readListed(git, call, commit, namesIn(listed.stdout));
  return read.ok ? { ...read, notices: [...notices, ...read.notices] } : read;
}

async function readListed(git: Git, call: GitCall, commit: string, there: Set<string>): Promise<ReadPlan> {
  const [config, second] = CONFIGS.filter((path) => there.has(path));
  const devcontainer = DEVCONTAINERS.find((path) => there.has(path));
  if (config === undefined && devcontainer === undefined) return NOTHING;
  try {
    const own = config === undefined ? null : await readConfig(git, call, commit, config);
    const foreign =
      devcontainer === undefined ? null : await readDevcontainer(git, call, commit, devcontainer);
    const plan = planSetup(own, foreign?.devcontainer ?? null);
    const unread = second === undefined ? [] : [`${second} was not read: there is ${config} too`];
    return { ok: true, plan, notices: [...unread, ...(foreign?.problem ?? [])] };
  } catch (error) {
    return { ok: false, problem: `${config}: ${describe(error)}` };
  }
}

function list(git: Git, call: GitCall, commit: string) {
  return git(["ls-tree", "-z", commit, "--", ...CONFIGS, ...DEVCONTAINERS], call);
}

/** `<mode> <type> <object>\t<path>` */
function namesIn(listed: Buffer): Set<string> {
  const lines = listed.toString().split("\0");
  return new Set(lines.map((line) => line.slice(line.indexOf("\t") + 1)));
}

async function isOther({ git, commit, restoredBase }: ReadOptions, call: GitCall, ours: Buffer) {
  if (restoredBase === null || restoredBase === commit) return false;
  const { code, stdout } = await list(git, call, restoredBase);
  return code === 0 && stdout.length > 0 && !stdout.equals(ours);
}

async function readConfig(git: Git, call: GitCall, commit: string, path: string): Promise<RepositoryConfig> {
  const text = await readText(git, call, commit, path);
  return repositoryConfigSchema.parse(
    (path.endsWith(".json") ? JSON.parse(text) : await parseYaml(text)) ?? {},
  );
}

/** Loaded when it is needed: hardly a task needs it. */
async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import("yaml");
  return parse(text);
}

/** Written for another program: what we cannot make of it is told, and is no reason not to work. */
async function readDevcontainer(
  git: Git,
  call: GitCall,
  commit: string,
  path: string,
): Promise<{ devcontainer: Devcontainer | null; problem: string[] }> {
  try {
    const read = parseJsonWithComments(await readText(git, call, commit, path));
    return { devcontainer: devcontainerSchema.parse(read), problem: [] };
  } catch (error) {
    return { devcontainer: null, problem: [`${path} was left out: ${describe(error)}`] };
  }
}

async function readText(git: Git, call: GitCall, commit: string, path: string): Promise<string> {
  const read = await git(["cat-file", "blob", `${commit}:${path}`], { ...call, maxBytes: MAX_BYTES });
  const problem = gitProblem("Reading it", read);
  if (problem !== null) throw new Error(problem);
  if (read.truncated) throw new Error(`is over ${MAX_BYTES / 1024} KiB.`);
  return read.stdout.toString();
}

async function hasAny(workspace: string): Promise<boolean> {
  const found = await Promise.all(
    PLACES.map((place) =>
      access(join(workspace, place)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

function describe(error: unknown): string {
  if (error instanceof z.ZodError) return error.issues.map(sentenceOf).join(" ");
  return error instanceof Error ? error.message : String(error);
}

/** Our own messages go on after the name; zod's are sentences by themselves. */
function sentenceOf({ path, message }: z.core.$ZodIssue): string {
  const name = path.length === 0 ? "It" : z.core.toDotPath(path);
  return `${name}${/^\p{Lu}/u.test(message) ? ":" : ""} ${message}.`;
}

import { access } from "node:fs/promises";
import { join } from "node:path";
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
  base: string;
  /** The workspace is what the base is: nobody has worked in it yet. */
  isFresh: boolean;
  signal: AbortSignal;
}

export type ReadPlan =
  /** `plan` null: the repository says nothing. */
  | { readonly ok: true; readonly plan: SetupPlan | null; readonly notices: readonly string[] }
  | { readonly ok: false; readonly problem: string };

/**
 * From the commit the task started from, never from the files: an agent that went on from an earlier one's workspace
 * must not find its checks made weaker there.
 */
export async function readPlan(options: ReadOptions): Promise<ReadPlan> {
  const { git, base, isFresh, workspace, signal } = options;
  const nothing: ReadPlan = { ok: true, plan: null, notices: [] };
  // Most tasks have neither: looking spares them two processes before the agent's first word.
  if (isFresh && !(await hasAny(workspace))) return nothing;
  const call: GitCall = { timeoutMs: READ_MS, signal, env: { GIT_NO_REPLACE_OBJECTS: "1" } };
  const listed = await git(["ls-tree", "-z", "--name-only", base, "--", ...CONFIGS, ...DEVCONTAINERS], call);
  const problem = gitProblem("Reading the repository's configuration", listed);
  if (problem !== null) return { ok: false, problem };
  const there = new Set(listed.stdout.toString().split("\0"));
  const [config, second] = CONFIGS.filter((path) => there.has(path));
  const devcontainer = DEVCONTAINERS.find((path) => there.has(path));
  if (config === undefined && devcontainer === undefined) return nothing;
  try {
    const own = config === undefined ? null : await readConfig(git, call, base, config);
    const foreign = devcontainer === undefined ? null : await readDevcontainer(git, call, base, devcontainer);
    const plan = planSetup(own, foreign?.devcontainer ?? null);
    const unread = second === undefined ? [] : [`${second} was not read: there is ${config} too`];
    return { ok: true, plan, notices: [...unread, ...(foreign?.problem ?? [])] };
  } catch (error) {
    return { ok: false, problem: `${config}: ${describe(error)}` };
  }
}

async function readConfig(git: Git, call: GitCall, base: string, path: string): Promise<RepositoryConfig> {
  const text = await readText(git, call, base, path);
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
  base: string,
  path: string,
): Promise<{ devcontainer: Devcontainer | null; problem: string[] }> {
  try {
    const read = parseJsonWithComments(await readText(git, call, base, path));
    return { devcontainer: devcontainerSchema.parse(read), problem: [] };
  } catch (error) {
    return { devcontainer: null, problem: [`${path} was left out: ${describe(error)}`] };
  }
}

async function readText(git: Git, call: GitCall, base: string, path: string): Promise<string> {
  const read = await git(["cat-file", "blob", `${base}:${path}`], { ...call, maxBytes: MAX_BYTES });
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
  if (error instanceof z.ZodError) return z.prettifyError(error);
  return error instanceof Error ? error.message : String(error);
}

import { inPhase } from "../session/in-phase.ts";
import { linkCaches } from "./link-caches.ts";
import { readPlan } from "./read-plan.ts";
import type { ReadOptions } from "./read-plan.ts";
import { readiness, runSetup } from "./run-setup.ts";
import type { SetupOptions } from "./run-setup.ts";

export interface EnvironmentOptions extends ReadOptions, Omit<SetupOptions, "env"> {
  /** The environment of agent and setup, with what the repository adds to it. */
  home: string;
  /** What this sandbox was given for caches; null when there is nothing. */
  caches: string | null;
  envWith: (added: Readonly<Record<string, string>>) => Record<string, string>;
}

export interface Environment {
  readonly problem: string | null;
  readonly env: Record<string, string>;
  readonly checks: readonly string[];
  readonly artifacts: readonly string[];
}

/** Makes ready what the repository says it needs, and tells what was and what was not prepared. */
export async function prepareEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const { recorder, envWith } = options;
  const read = await readPlan(options);
  const nothing = { problem: null, env: envWith({}), checks: [], artifacts: [] };
  if (!read.ok) return { ...nothing, problem: await inPhase(options, "setup", async () => read.problem) };
  const { plan, notices: unread } = read;
  const linked = await linkCaches({ ...options, asked: plan?.caches ?? null });
  const notices = [...unread, ...linked];
  if (plan === null) return nothing;
  const { checks, artifacts, commands, unsupported } = plan;
  const level = unsupported.length + notices.length > 0 ? "warn" : "info";
  await recorder.record({ type: "notice", data: { level, text: readiness(plan, notices) } });
  const env = envWith(plan.env);
  const run = (): Promise<string | null> => runSetup(plan, { ...options, env });
  const problem = commands.length === 0 ? null : await inPhase(options, "setup", run);
  return { problem, env, checks, artifacts };
}

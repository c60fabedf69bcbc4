import type { LowerLimits } from "@agency/contract";
import { inPhase } from "../session/in-phase.ts";
import { linkCaches } from "./link-caches.ts";
import { planSetup } from "./plan-setup.ts";
import type { SetupPlan } from "./plan-setup.ts";
import { readiness } from "./readiness.ts";
import { readPlan } from "./read-plan.ts";
import type { ReadOptions } from "./read-plan.ts";
import { runSetup } from "./run-setup.ts";
import type { SetupOptions } from "./run-setup.ts";
import { Services } from "./services.ts";

export interface EnvironmentOptions extends ReadOptions, Omit<SetupOptions, "env"> {
  home: string;
  /** What this sandbox was given for caches; null when there is nothing. */
  caches: string | null;
  /** The environment of agent and setup, with what the repository adds to it. */
  envWith: (added: Readonly<Record<string, string>>) => Record<string, string>;
  /** What became of them, in a few words. */
  lowerLimits: (asked: LowerLimits) => Promise<string>;
  /** The attempt is over. */
  over: AbortSignal;
}

export interface Environment {
  readonly problem: string | null;
  readonly env: Record<string, string>;
  readonly checks: readonly string[];
  readonly artifacts: readonly string[];
  readonly hooks: SetupPlan["hooks"];
  readonly services: Services;
}

/** Makes ready what the repository says it needs, and tells what was and what was not prepared. */
export async function prepareEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const { recorder, envWith, lowerLimits } = options;
  const read = await readPlan(options);
  if (!read.ok) {
    const problem = await inPhase(options, "setup", async () => read.problem);
    const env = envWith({});
    return {
      problem,
      env,
      checks: [],
      artifacts: [],
      hooks: {},
      services: new Services({ ...options, env }),
    };
  }
  const plan = read.plan ?? planSetup(null, null);
  const { checks, artifacts, hooks } = plan;
  const env = envWith(plan.env);
  const caches = await linkCaches({ ...options, asked: plan.caches });
  const limits = Object.keys(plan.limits).length === 0 ? null : await lowerLimits(plan.limits);
  const run = (): Promise<string | null> => runSetup(plan, { ...options, env });
  const problem = plan.commands.length === 0 ? null : await inPhase(options, "setup", run);
  const services = new Services({ ...options, env });
  const started = problem === null ? await startServices(services, plan, options) : [];
  const isSetUp = problem === null;
  const report = readiness({ plan, caches, isSetUp, services: started, limits, notices: read.notices });
  if (report !== null) await recorder.record({ type: "notice", data: report });
  return { problem, env, checks, artifacts, hooks, services };
}

async function startServices(services: Services, plan: SetupPlan, options: EnvironmentOptions) {
  if (plan.services.length === 0 || options.signal.aborted) return [];
  let states: Awaited<ReturnType<Services["start"]>> = [];
  await inPhase(options, "start", async () => {
    states = await services.start(plan.services);
    // One that ended is no reason not to work; it is told.
    return null;
  });
  return states;
}

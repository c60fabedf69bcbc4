import type { LinkedCaches } from "./link-caches.ts";
import type { SetupPlan } from "./plan-setup.ts";
import type { ServiceState } from "./services.ts";

export interface Prepared {
  readonly plan: SetupPlan;
  readonly caches: LinkedCaches;
  /** The setup commands ended in order. */
  readonly isSetUp: boolean;
  /** Those of the plan, when they were started. */
  readonly services: readonly ServiceState[];
  /** What became of the limits of the repository; null: it names none. */
  readonly limits: string | null;
  /** What was not read, and why. */
  readonly notices: readonly string[];
}

export interface Readiness {
  readonly level: "info" | "warn";
  readonly text: string;
}

/** What was prepared and what was not, in one sentence for people; null: there was nothing to prepare. */
export function readiness(prepared: Prepared): Readiness | null {
  const { plan, caches, notices } = prepared;
  const done = whatWasDone(prepared);
  const missing = [
    ...whatWasNot(prepared),
    ...(plan.unsupported.length === 0 ? [] : [`not supported: ${plan.unsupported.join(", ")}`]),
    ...caches.problems,
    ...notices,
  ];
  if (done.length + missing.length === 0) return null;
  const from = `From the repository: ${done.length === 0 ? "nothing to prepare" : done.join(", ")}`;
  return { level: missing.length > 0 ? "warn" : "info", text: `${[from, ...missing].join("; ")}.` };
}

function whatWasDone({ plan, isSetUp, services, caches, limits }: Prepared): string[] {
  const running = services.filter(({ ended }) => ended === null);
  const variables = Object.keys(plan.env);
  return [
    ...(isSetUp ? counted(plan.commands, "setup command") : []),
    ...running.map(({ command }) => `the service ${JSON.stringify(command)}, which runs`),
    ...(variables.length > 0 ? [`the variables ${variables.join(", ")}`] : []),
    ...(caches.warm.length > 0 ? [`the caches ${caches.warm.join(", ")} of earlier tasks`] : []),
    ...(caches.empty.length > 0 ? [`caches ${caches.empty.join(", ")}, empty so far`] : []),
    ...(limits === null ? [] : [limits]),
    ...Object.keys(plan.hooks).map((name) => `a ${name} hook`),
    ...counted(plan.checks, "check"),
    ...counted(plan.artifacts, "pattern of files to keep"),
  ];
}

function whatWasNot({ plan, isSetUp, services }: Prepared): string[] {
  const ended = services.filter((service) => service.ended !== null);
  const unstarted = services.length === 0 && plan.services.length > 0;
  return [
    ...(isSetUp ? [] : ["not prepared: the setup failed"]),
    ...(unstarted ? [`not started: ${plan.services.map((one) => JSON.stringify(one)).join(", ")}`] : []),
    ...ended.map((service) => `the service ${JSON.stringify(service.command)} ${service.ended}`),
  ];
}

function counted(list: readonly unknown[], one: string): string[] {
  return list.length === 0 ? [] : [`${list.length} ${one}${list.length === 1 ? "" : "s"}`];
}

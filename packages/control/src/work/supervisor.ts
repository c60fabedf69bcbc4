import { MAX_WAIT_MS } from "@agency/contract";
import type {
  AttemptCaller,
  Clock,
  Logger,
  Metrics,
  Provider,
  SandboxPhase,
  SupervisedTask,
  TaskCommand,
  TaskStore,
} from "@agency/core";
import { decideSupervision, isTerminal, noAmnesty, tickAmnesty } from "@agency/core";
import type {
  AmnestyState,
  AttemptStore,
  SupervisionAction,
  SupervisionTimes,
  SupervisionView,
} from "@agency/core";
import type { Wakeups } from "../events/wakeups.ts";
import { createComputeMeter } from "./compute-meter.ts";
import type { ComputeMeter, ComputeMeterDeps } from "./compute-meter.ts";
import { endSandbox, keepAtEnd } from "./keep-sandbox.ts";
import type { KeepBounds } from "./keep-sandbox.ts";
import { saveResult } from "./save-result.ts";
import type { SaveResultDeps } from "./save-result.ts";
import { returnCaches } from "./lend-folders.ts";
import { provision } from "./provision.ts";
import type { ProvisionDeps } from "./provision.ts";

export const DEFAULT_TIMES: SupervisionTimes & { leaseMs: number; tickMs: number } = {
  startDeadlineMs: 90_000,
  limitGraceMs: 15_000,
  contactLostMs: 10 * 60_000,
  maxWaitMs: MAX_WAIT_MS,
  leaseMs: 60_000,
  tickMs: 1_000,
};

export interface SupervisorDeps extends ProvisionDeps, ComputeMeterDeps, SaveResultDeps {
  tasks: TaskStore;
  attempts: AttemptStore;
  providers: ReadonlyMap<string, Provider>;
  wakeups: Wakeups;
  clock: Clock;
  metrics: Metrics;
  logger: Logger;
  times: typeof DEFAULT_TIMES;
  keepBounds: KeepBounds;
  /** Between the end of the sandbox and that of the log: what the brokers still have to say of the attempt. */
  lastWords?: (attempt: AttemptCaller) => Promise<void>;
  onTerminal?: (task: SupervisedTask) => void;
}

/** done: the job can be completed. lost: another worker has the job now, nothing here was touched. */
export type SupervisionEnd = "done" | "lost";

/** Carries one claimed task from its job to its end. Any worker can call it for a task that is already under way. */
export async function superviseTask(
  deps: SupervisorDeps,
  taskId: string,
  lease: AbortSignal,
): Promise<SupervisionEnd> {
  const log = deps.logger.child({ taskId });
  const wake = deps.wakeups.listen(taskId);
  const meter = createComputeMeter(deps, log);
  let amnesty: AmnestyState = noAmnesty;
  try {
    if (!(await begin(deps, taskId, lease, log))) return lease.aborted ? "lost" : "done";
    while (!lease.aborted) {
      const woken = wake.next();
      amnesty = tickAmnesty(amnesty, deps.times.leaseMs, deps.clock.now());
      const task = await deps.tasks.load(taskId);
      if (task === null || lease.aborted) break;
      const action = decideSupervision(
        await look(deps, task, meter, amnesty, lease),
        deps.times,
        deps.clock.now(),
      );
      if (await act(deps, task, action, meter, log)) return "done";
      await rest(deps, woken, lease);
    }
    return lease.aborted ? "lost" : "done";
  } finally {
    wake.close();
  }
}

/** Claims a queued task and makes its sandbox; joins in when that has happened already. False: nothing to do. */
async function begin(
  deps: SupervisorDeps,
  taskId: string,
  lease: AbortSignal,
  log: Logger,
): Promise<boolean> {
  const claimed = await deps.tasks.apply(taskId, { kind: "claim" }, deps.clock.now());
  const task = claimed.ok ? claimed.task : await deps.tasks.load(taskId);
  if (task === null || lease.aborted) return false;
  if (claimed.ok) deps.metrics.pickedUp(deps.clock.now() - task.createdAt);
  const unmade = task.snapshot.state === "starting" && task.snapshot.attempt?.state === "claimed";
  if (!claimed.ok && !unmade)
    log.info({ epoch: task.snapshot.epoch, state: task.snapshot.state }, "adopted a task under way");
  if (!unmade) return true;
  const made = await provision(deps, task, lease);
  // Called off because this worker stops or lost the job: whoever has it next goes on with the same attempt.
  if (!made.ok && lease.aborted) return false;
  const { epoch } = task.snapshot;
  if (made.ok) await deps.tasks.apply(taskId, { kind: "provisioned", epoch }, deps.clock.now());
  else
    await deps.tasks.apply(
      taskId,
      { kind: "end", epoch, cause: made.cause, message: made.message, final: made.final },
      deps.clock.now(),
    );
  return true;
}

async function look(
  deps: SupervisorDeps,
  task: SupervisedTask,
  meter: ComputeMeter,
  amnesty: AmnestyState,
  lease: AbortSignal,
): Promise<SupervisionView> {
  const { attempt } = task;
  return {
    task: task.snapshot,
    limits: task.spec.limits,
    attemptCreatedAt: attempt?.createdAt ?? task.createdAt,
    lastContactAt: attempt?.lastContactAt ?? null,
    lastEventAt: task.lastEventAt,
    sandbox: await observe(deps, task, lease),
    amnestyUntil: amnesty.until,
    calls: task.calls,
    outputBytes: task.outputBytes,
    computeOverBudget: await meter.tick(task),
    onBudget: task.spec.onBudget,
  };
}

/** What cannot be asked right now is not gone: null, and the runner's own silence decides later. */
async function observe(
  deps: SupervisorDeps,
  task: SupervisedTask,
  lease: AbortSignal,
): Promise<SandboxPhase | null> {
  const ref = task.attempt?.sandbox.ref;
  const provider = deps.providers.get(task.provider);
  if (!ref || !provider || isTerminal(task.snapshot.state)) return null;
  try {
    return (await provider.observe(ref, lease)).phase;
  } catch (error) {
    deps.logger.debug({ err: error, taskId: task.id }, "the sandbox could not be observed");
    return null;
  }
}

/** True: the task is through, for this job. */
async function act(
  deps: SupervisorDeps,
  task: SupervisedTask,
  action: SupervisionAction,
  meter: ComputeMeter,
  log: Logger,
): Promise<boolean> {
  const { epoch } = task.snapshot;
  switch (action.kind) {
    case "watch":
      return false;
    case "end": {
      log.info({ epoch, cause: action.cause }, "ending the attempt");
      await deps.tasks.apply(task.id, { ...action, epoch }, deps.clock.now());
      return false;
    }
    case "proceed":
      await deps.tasks.apply(task.id, action, deps.clock.now());
      return false;
    case "wait_for_budget":
      await deps.tasks.apply(task.id, waitForBudget(task), deps.clock.now());
      return false;
    case "settle": {
      await meter.close(task);
      // The sandbox goes first: of a task that has ended nothing runs that nobody asked to keep.
      if (!(await keepAtEnd(deps, task))) {
        await tearDown(deps, task);
        await returnCaches(deps, task);
      }
      await deps.lastWords?.({ taskId: task.id, accountId: task.accountId, epoch });
      await saveResult(deps, task);
      await deps.tasks.apply(task.id, { kind: "settle", epoch }, deps.clock.now());
      return false;
    }
    case "clean_up": {
      await meter.close(task);
      await tearDown(deps, task);
      if (isTerminal(task.snapshot.state)) {
        deps.metrics.taskEnded(task.snapshot.state, task.snapshot.reason ?? "none");
        log.info(
          { epoch, state: task.snapshot.state, reason: task.snapshot.reason },
          "carried a task to its end",
        );
        deps.onTerminal?.(task);
      }
      return true;
    }
  }
}

function waitForBudget({ snapshot, spec }: SupervisedTask): TaskCommand {
  const message = `Computing time used up what was left of $${spec.limits.costUsd.toFixed(2)}.`;
  return { kind: "wait", epoch: snapshot.epoch, reason: "budget", until: null, message };
}

/** The outcome of the task must not wait for a provider that cannot do it now: the reaper tries again. */
async function tearDown(deps: SupervisorDeps, task: SupervisedTask): Promise<void> {
  const sandbox = task.attempt?.sandbox;
  const isKept = isTerminal(task.snapshot.state) && (sandbox?.keptUntil ?? 0) > deps.now();
  if (sandbox !== undefined && !isKept) await endSandbox(deps, sandbox);
}

async function rest(deps: SupervisorDeps, woken: Promise<void>, lease: AbortSignal): Promise<void> {
  const stop = new AbortController();
  await Promise.race([woken, deps.clock.sleep(deps.times.tickMs, AbortSignal.any([lease, stop.signal]))]);
  stop.abort();
}

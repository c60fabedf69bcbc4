import {
  createActivityBook,
  createChores,
  createWakeups,
  DEFAULT_TIMES,
  DISPATCH_TIMES,
  Dispatcher,
} from "@agency/control";
import { reap, recordProbe, releaseDue, requestProbes, superviseTask, systemClock } from "@agency/control";
import type { ProbeDeps, SupervisorDeps, Tokens } from "@agency/control";
import type { Bus, Logger, Metrics, Provider, Queue, ResourceLimits } from "@agency/core";
import { ensurePartitions } from "@agency/postgres";
import type { Database } from "@agency/postgres";
import type { InstalledEngine } from "./engines.ts";
import type { Stores } from "./stores.ts";

const MINUTE = 60_000;

export interface WorkerParts {
  db: Database;
  stores: Stores;
  queue: Queue;
  bus: Bus;
  providers: ReadonlyMap<string, Provider>;
  tokens: Tokens;
  engines: readonly InstalledEngine[];
  resources: ResourceLimits;
  installId: string;
  accountId: string;
  capacity: number;
  metrics: Metrics;
  logger: Logger;
}

export interface Worker {
  start(): void;
  stop(): Promise<void>;
  /** Words of what a task is doing now, written to its row about twice a second. */
  noteActivity(taskId: string, activity: string): void;
}

/** The half of the server that does the work: takes jobs, supervises tasks, keeps house. */
export function createWorker(parts: WorkerParts): Worker {
  const { stores, logger, metrics, queue, bus } = parts;
  const now = () => Date.now();
  const activities = createActivityBook(stores.tasks);
  const probes: ProbeDeps = {
    ...{
      tasks: stores.tasks,
      events: stores.events,
      probes: stores.probes,
      accountId: parts.accountId,
      logger,
      now,
    },
    engines: parts.engines.flatMap(({ entry, version }) => (version === null ? [] : [{ entry, version }])),
    providerIds: [...parts.providers.keys()],
  };
  const supervisor: SupervisorDeps = {
    ...{ tasks: stores.tasks, attempts: stores.attempts, providers: parts.providers, tokens: parts.tokens },
    ...{ resources: parts.resources, installId: parts.installId, metrics, logger, now },
    wakeups: createWakeups(bus, "ctl"),
    clock: systemClock,
    times: DEFAULT_TIMES,
    onTerminal: (task) => {
      if (task.hidden)
        recordProbe(probes, task).catch((error: unknown) => logger.warn({ err: error }, "a probe was lost"));
    },
  };
  const dispatcher = new Dispatcher({
    ...{ queue, bus, metrics, logger, clock: systemClock, capacity: parts.capacity, times: DISPATCH_TIMES },
    supervise: (taskId, lease) => superviseTask(supervisor, taskId, lease),
  });
  const reaper = { attempts: stores.attempts, providers: parts.providers, logger };
  const chores = createChores({
    ...{ clock: systemClock, logger },
    chores: [
      {
        name: "release due tasks",
        everyMs: 1_000,
        run: async () => void (await releaseDue({ tasks: stores.tasks, now })),
      },
      { name: "write activities", everyMs: 500, run: () => activities.flush() },
      { name: "reap sandboxes", everyMs: MINUTE, run: async (signal) => void (await reap(reaper, signal)) },
      {
        name: "make partitions",
        everyMs: 60 * MINUTE,
        run: async () => void (await ensurePartitions(parts.db, now())),
      },
      { name: "probe engines", everyMs: MINUTE, afterMs: 10_000, run: () => probeWhenIdle(stores, probes) },
    ],
  });
  return {
    start() {
      dispatcher.start();
      chores.start();
    },
    async stop() {
      await Promise.all([dispatcher.stop(), chores.stop()]);
      await activities.flush();
    },
    noteActivity: activities.note,
  };
}

/** A probe takes a processor for a second: never while somebody waits for their own task. */
async function probeWhenIdle(stores: Stores, probes: ProbeDeps): Promise<void> {
  const counts = await stores.tasks.countByState();
  const busy = ["queued", "starting", "running", "finishing"].some((state) => (counts[state] ?? 0) > 0);
  if (!busy) await requestProbes(probes);
}

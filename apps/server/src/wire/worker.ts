import {
  chargeCompute,
  createActivityBook,
  createChores,
  createWakeups,
  DEFAULT_TIMES,
  DISPATCH_TIMES,
  Dispatcher,
} from "@agency/control";
import {
  endKeptSandboxes,
  reap,
  recordProbe,
  releaseDue,
  requestProbes,
  superviseTask,
  sweepReservations,
  systemClock,
} from "@agency/control";
import type { KeepBounds, ActivityBook, Chore, ProbeDeps, SupervisorDeps, Tokens } from "@agency/control";
import type {
  AttemptCaller,
  Bus,
  Logger,
  Metrics,
  Provider,
  Queue,
  ResourceLimits,
  Storage,
} from "@agency/core";
import { ensurePartitions } from "@agency/postgres";
import type { Database } from "@agency/postgres";
import type { InstalledEngine } from "./engines.ts";
import { retentionChores } from "./retention.ts";
import type { RetentionParts } from "./retention.ts";
import type { Stores } from "./stores.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export interface WorkerParts extends RetentionParts {
  db: Database;
  stores: Stores;
  queue: Queue;
  bus: Bus;
  storage: Storage;
  providers: ReadonlyMap<string, Provider>;
  tokens: Tokens;
  engines: readonly InstalledEngine[];
  resources: ResourceLimits;
  installId: string;
  accountId: string;
  capacity: number;
  /** What the brokers still have to say of an attempt whose sandbox is gone. */
  lastWords: (attempt: AttemptCaller) => Promise<void>;
  deliver: NonNullable<SupervisorDeps["deliver"]>;
  /** What makes the work on repositories faster. */
  folders: Pick<SupervisorDeps, "mirrors" | "caches">;
  keepBounds: KeepBounds;
  /** Dollars an hour of a sandbox of this machine. */
  computePrice: number;
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
  const { logger, metrics, queue, bus, stores } = parts;
  const activities = createActivityBook(stores.tasks);
  const probes = probeDeps(parts);
  const supervisor = supervisorDeps(parts, probes);
  const dispatcher = new Dispatcher({
    queue,
    bus,
    metrics,
    logger,
    clock: systemClock,
    capacity: parts.capacity,
    times: DISPATCH_TIMES,
    supervise: (taskId, lease) => superviseTask(supervisor, taskId, lease),
  });
  const chores = createChores({
    clock: systemClock,
    logger,
    chores: houseKeeping(parts, probes, activities),
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

function probeDeps({ stores, engines, providers, accountId, logger }: WorkerParts): ProbeDeps {
  return {
    tasks: stores.tasks,
    events: stores.events,
    probes: stores.probes,
    accountId,
    logger,
    now: () => Date.now(),
    engines: engines.flatMap(({ entry, version }) => (version === null ? [] : [{ entry, version }])),
    providerIds: [...providers.keys()],
  };
}

function supervisorDeps(parts: WorkerParts, probes: ProbeDeps): SupervisorDeps {
  const { stores, providers, tokens, resources, installId, metrics, logger, bus, computePrice } = parts;
  const charging = {
    costs: stores.costs,
    tasks: stores.tasks,
    priceOf: () => computePrice,
    now: () => Date.now(),
  };
  return {
    tasks: stores.tasks,
    attempts: stores.attempts,
    events: stores.events,
    providers,
    tokens,
    resources,
    installId,
    metrics,
    logger,
    now: () => Date.now(),
    wakeups: createWakeups(bus, "ctl"),
    clock: systemClock,
    times: DEFAULT_TIMES,
    keepBounds: parts.keepBounds,
    chargeCompute: (task, options) => chargeCompute(charging, task, options),
    lastWords: parts.lastWords,
    deliver: parts.deliver,
    ...parts.folders,
    onTerminal: (task) => {
      if (!task.hidden) return;
      recordProbe(probes, task).catch((error: unknown) => logger.warn({ err: error }, "a probe was lost"));
    },
  };
}

function houseKeeping(parts: WorkerParts, probes: ProbeDeps, activities: ActivityBook): Chore[] {
  const { stores, providers, logger, db } = parts;
  const now = () => Date.now();
  const reaper = { attempts: stores.attempts, providers, logger };
  return [
    {
      name: "release due tasks",
      everyMs: SECOND,
      run: async () => void (await releaseDue({ tasks: stores.tasks, now })),
    },
    { name: "write activities", everyMs: SECOND / 2, run: () => activities.flush() },
    {
      name: "forget task secrets",
      everyMs: MINUTE,
      run: async () => void (await stores.secrets.forgetEnded()),
    },
    {
      name: "sweep reservations",
      everyMs: 10 * MINUTE,
      run: async () => void (await sweepReservations({ costs: stores.costs, logger }, now())),
    },
    ...retentionChores(parts),
    {
      name: "end kept sandboxes",
      everyMs: 5 * SECOND,
      run: async () => void (await endKeptSandboxes(reaper)),
    },
    { name: "reap sandboxes", everyMs: MINUTE, run: async (signal) => void (await reap(reaper, signal)) },
    {
      name: "make partitions",
      everyMs: 60 * MINUTE,
      run: async () => void (await ensurePartitions(db, now())),
    },
    {
      name: "probe engines",
      everyMs: MINUTE,
      afterMs: 10 * SECOND,
      run: () => probeWhenIdle(stores, probes),
    },
  ];
}

/** A probe takes a processor for a second: never while somebody waits for their own task. */
async function probeWhenIdle(stores: Stores, probes: ProbeDeps): Promise<void> {
  const counts = await stores.tasks.countByState();
  const busy = ["queued", "starting", "running", "finishing"].some((state) => (counts[state] ?? 0) > 0);
  if (!busy) await requestProbes(probes);
}

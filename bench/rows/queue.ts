import { Logger, makeWorkerUtils, run } from "graphile-worker";
import { systemClock, uuidv7 } from "@agency/control";
import { createBus, createQueue } from "@agency/postgres";
import type { Database } from "@agency/postgres";
import { silent, withPostgres } from "../lab/postgres.ts";
import { ms, times } from "../row.ts";
import type { Bench } from "../row.ts";
import { interleave, summarise } from "../stats.ts";

const ACCOUNT = "00000000-0000-7000-8000-000000000001";

/** One job at a time into an idle queue: from the start of enqueueing to the handler. */
export const queueBench: Bench = async ({ quick }) =>
  withPostgres(async (db, connectionString) => {
    const mine = await ourQueue(db, connectionString);
    const theirs = await graphile(connectionString);
    try {
      const samples = await interleave(quick ? 100 : 400, { ours: mine.once, theirs: theirs.once });
      const a = summarise(samples["ours"]?.slice(10) ?? []);
      const b = summarise(samples["theirs"]?.slice(10) ?? []);
      return (["p50", "p99"] as const).map((q) => ({
        what: `enqueue → handler start, ${q}`,
        against: "graphile-worker, same server",
        ours: ms(a[q]),
        theirs: ms(b[q]),
        ratio: times(a[q] / b[q]),
        target: "≤ 1.0×",
        met: a[q] / b[q] <= 1,
      }));
    } finally {
      await mine.close();
      await theirs.close();
    }
  });

interface Arm {
  once: () => Promise<number>;
  close: () => Promise<void>;
}

async function ourQueue(db: Database, connectionString: string): Promise<Arm> {
  const queue = createQueue({ db, logger: silent, maxRunning: 10 });
  const bus = createBus({ connectionString, clock: systemClock, logger: silent });
  await bus.ready;
  await queue.start();
  let handled = Promise.withResolvers<void>();
  const take = async () => {
    for (const job of await queue.fetch(1)) {
      handled.resolve();
      await queue.complete(job);
    }
  };
  bus.subscribe("job", () => void take());
  return {
    async once() {
      handled = Promise.withResolvers();
      const from = performance.now();
      await db.tx((tx) => queue.enqueue({ taskId: uuidv7(Date.now()), accountId: ACCOUNT, priority: 0 }, tx));
      await handled.promise;
      return performance.now() - from;
    },
    async close() {
      await queue.stop();
      await bus.close();
    },
  };
}

async function graphile(connectionString: string): Promise<Arm> {
  const logger = new Logger(() => () => undefined);
  let handled = Promise.withResolvers<void>();
  const runner = await run({
    connectionString,
    concurrency: 10,
    noHandleSignals: true,
    logger,
    taskList: { job: () => handled.resolve() },
  });
  const utils = await makeWorkerUtils({ connectionString, logger });
  return {
    async once() {
      handled = Promise.withResolvers();
      const from = performance.now();
      await utils.addJob("job", {});
      await handled.promise;
      return performance.now() - from;
    },
    async close() {
      await runner.stop();
      await utils.release();
    },
  };
}

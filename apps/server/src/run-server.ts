import manifest from "../package.json" with { type: "json" };
import { readConfig } from "./config.ts";
import { createLiveRedaction } from "./live-redaction.ts";
import { createLogger } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { trimHeap } from "./trim-heap.ts";
import { startInstance } from "./wire/instance.ts";

/** Whoever started it to submit a task at once is through by then. */
const TRIM_AFTER_MS = 3_000;

/** Runs until told to stop, or until it cannot go on; resolves with the exit code. */
export async function runServer(): Promise<number> {
  const config = readConfig();
  const redaction = createLiveRedaction(config.secrets);
  const logger = createLogger(config, redaction);
  for (const warning of config.warnings) logger.warn({}, warning);
  const metrics = createMetrics();
  const told = new Promise<string>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
  });
  const { version } = manifest;
  const instance = await startInstance({ ...config, version, metrics, logger, redaction });
  logger.info({ url: instance.url, pid: process.pid, version }, "Agency is ready");
  // Never in the log, which others may read.
  if (process.stdout.isTTY) process.stderr.write(`Open it in a browser: ${await instance.signInLink()}\n`);
  const trimming = setTimeout(trimHeap, TRIM_AFTER_MS).unref();
  const reason = await Promise.race([told, instance.broken]);
  const failed = !reason.startsWith("SIG");
  if (failed) logger.error({ reason }, "the database server ended by itself; stopping");
  else logger.info({ signal: reason }, "stopping; running tasks go on in their sandboxes");
  // A second signal means now.
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(1));
  clearTimeout(trimming);
  await instance.stop();
  return failed ? 1 : 0;
}

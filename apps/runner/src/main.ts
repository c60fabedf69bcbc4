import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createClaudeEngine, createCommandEngine } from "@agency/engines";
import manifest from "../package.json" with { type: "json" };
import { realClock } from "./clocks/real-clock.ts";
import { readConfig } from "./config.ts";
import { preferMemory } from "./process/prefer-memory.ts";
import { readBootstrap } from "./read-bootstrap.ts";
import { EXIT, Runner } from "./runner.ts";
import { createStderrLog } from "./stderr-log.ts";

/** A second failure while the first is being reported. */
const CRASH_MS = 10_000;

const config = readConfig(process.env, process.cwd());
const log = createStderrLog(
  (line) => process.stderr.write(line),
  () => realClock.now(),
);
// The console may go before we do: writing to it then is not an error of ours.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

const read = await readBootstrap(config.bootstrapPath);
if (read.ok) {
  const { version } = manifest;
  const runner = new Runner({
    config,
    bootstrap: read.bootstrap,
    engines: {
      claude: createClaudeEngine({ executable: join(config.enginesDir, "claude"), clock: realClock }),
      command: createCommandEngine({ clock: realClock }),
    },
    clock: realClock,
    random: Math.random,
    // Not before: loading an engine is faster without.
    onEngineSpeaks: preferMemory,
    log,
    identity: { version, pid: process.pid, nonce: randomUUID() },
  });
  let crashing = false;
  const crash = (cause: unknown): void => {
    if (crashing) return;
    crashing = true;
    void realClock.sleep(CRASH_MS).then(() => process.exit(EXIT.crashed));
    void runner.crash(cause).then((code) => process.exit(code));
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.once(signal, () => void runner.terminate().then((code) => process.exit(code)));
  }
  runner.run().then((code) => process.exit(code), crash);
} else {
  log.error({}, read.problem);
  process.exit(EXIT.noBootstrap);
}

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Engine, Logger } from "@agency/core";
import { realClock } from "../clocks/real-clock.ts";
import { readConfig } from "../config.ts";
import type { RunnerConfig } from "../config.ts";
import { Runner } from "../runner.ts";
import type { FakeControlPlane } from "./fake-control-plane.ts";

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

export interface RunnerUnderTest {
  runner: Runner;
  exit: Promise<number>;
  config: RunnerConfig;
}

/** A whole runner in this process, against the fake control plane. */
export function runRunner(
  plane: FakeControlPlane,
  engine: Engine,
  clock: Clock = realClock,
): RunnerUnderTest {
  const workspace = join(plane.root, "workspace");
  const home = join(plane.root, "home");
  for (const folder of [workspace, home]) mkdirSync(folder, { recursive: true });
  const env = { HOME: home, PATH: process.env["PATH"], TMPDIR: plane.root };
  const config = readConfig(env, workspace);
  const runner = new Runner({
    config,
    bootstrap: plane.bootstrap,
    engines: { [plane.order.engine]: engine },
    clock,
    random: () => 0.5,
    onEngineSpeaks: () => undefined,
    log: silent,
    identity: { version: "0.0.0", pid: process.pid, nonce: "nonce-of-this-test" },
  });
  return { runner, exit: runner.run(), config };
}

import type { Bootstrap } from "@agency/contract";
import type { Clock, Engine, Logger } from "@agency/core";
import { Attempt } from "./attempt.ts";
import type { Ending } from "./attempt.ts";
import type { RunnerConfig } from "./config.ts";

import { createUplinkClient } from "./uplink/client.ts";
import { createDoor } from "./uplink/door.ts";
import { sayHello } from "./uplink/say-hello.ts";

/** How the runner's process ends. A provider only sees this number; people see the console beside it. */
export const EXIT = {
  finished: 0,
  crashed: 1,
  noBootstrap: 2,
  fenced: 3,
  deadMan: 4,
  noHello: 5,
  terminated: 143,
} as const;

const EXIT_OF: Record<Ending, number> = {
  finished: EXIT.finished,
  fenced: EXIT.fenced,
  dead_man: EXIT.deadMan,
};

export interface RunnerOptions {
  config: RunnerConfig;
  bootstrap: Bootstrap;
  engines: Readonly<Record<string, Engine>>;
  clock: Clock;
  /** In [0, 1). */
  random: () => number;
  /** Set-up is over: from now on there is only output to carry. */
  onEngineSpeaks: () => void;
  log: Logger;
  identity: { version: string; pid: number; nonce: string };
}

/** Hello, one attempt, an exit code. */
export class Runner {
  readonly #options: RunnerOptions;
  #attempt: Attempt | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  async run(): Promise<number> {
    const { bootstrap, clock, random, log, identity } = this.#options;
    const door = createDoor(bootstrap.doorDir);
    const client = createUplinkClient(door, clock);
    const hello = await sayHello({ client, clock, random, bootstrap, runner: identity });
    if (hello.kind !== "welcome") {
      log.error({ why: hello.why }, "The control plane gave this runner no work.");
      client.close();
      return hello.kind === "refused" ? EXIT.fenced : EXIT.noHello;
    }
    const { order } = hello;
    client.authorise({ taskId: order.taskId, epoch: order.epoch, token: order.attemptToken });
    log.info(
      { taskId: order.taskId, epoch: order.epoch, engine: order.engine },
      "The runner has its work order.",
    );
    this.#attempt = new Attempt({ ...this.#options, order, door, client });
    const ending = await this.#attempt.run();
    log.info({ ending }, "The runner is done.");
    return EXIT_OF[ending];
  }

  /** The runner's own failure, caught at the outermost boundary. */
  async crash(cause: unknown): Promise<number> {
    const message = `The runner failed: ${cause instanceof Error ? cause.message : "something that is not an error"}`;
    this.#options.log.error({ stack: cause instanceof Error ? cause.stack : undefined }, message);
    await this.#attempt?.crash(message);
    return EXIT.crashed;
  }

  async terminate(): Promise<number> {
    await this.#attempt?.terminate();
    return EXIT.terminated;
  }
}

import type { Clock } from "@agency/core";
import type { Recorder } from "../journal/recorder.ts";
import { ProcessGroups } from "../process/groups.ts";
import { runHook } from "../process/run-hook.ts";
import { runningProcesses } from "../process/running-processes.ts";
import { logOutput } from "./logged-output.ts";
import type { LoggedOutput } from "./logged-output.ts";

/** One that cannot run at all has failed by then. */
const SETTLE_MS = 500;
/** From SIGTERM to SIGKILL: what a database needs to write its last page. */
const GRACE_MS = 1000;
/** A process that is stuck in the kernel may never end. */
const KILLED_WITHIN_MS = 5000;
const LOOK_MS = 20;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** The shell's code of a program that a signal ended is above: somebody meant it to end. */
const LAST_FAILURE = 128;

export interface ServicesOptions {
  recorder: Recorder;
  clock: Clock;
  workspace: string;
  env: Record<string, string>;
  /** The attempt is over. */
  over: AbortSignal;
}

export interface ServiceState {
  readonly command: string;
  /** Null: it runs. */
  readonly ended: string | null;
}

interface Service {
  readonly command: string;
  readonly output: LoggedOutput;
  groups: ProcessGroups;
  ended: string | null;
  hasBeenTold: boolean;
}

/** What a repository has running beside the agent, from the setup until the work is handed over. */
export class Services {
  readonly #options: ServicesOptions;
  readonly #all: Service[] = [];
  #kept: Promise<unknown> = Promise.resolve();
  readonly #stop = new AbortController();

  constructor(options: ServicesOptions) {
    this.#options = options;
  }

  /** Resolves when each runs, or has shown that it does not. */
  async start(commands: readonly string[]): Promise<readonly ServiceState[]> {
    const { recorder, clock, over } = this.#options;
    over.addEventListener("abort", () => this.#kill(), { once: true });
    for (const command of commands) {
      const output = logOutput(recorder);
      this.#all.push({ command, output, groups: new ProcessGroups(), ended: null, hasBeenTold: false });
    }
    const first = this.#all.map(() => Promise.withResolvers<void>());
    this.#kept = Promise.all(this.#all.map((service, at) => this.#keep(service, () => first[at]?.resolve())));
    const settled = new AbortController();
    const allEnded = Promise.all(first.map(({ promise }) => promise));
    await Promise.race([allEnded, clock.sleep(SETTLE_MS, settled.signal)]);
    settled.abort();
    return this.#all.map(({ command, ended }) => ({ command, ended }));
  }

  /** Resolves when nothing of them is left. */
  async end(isUrgent: boolean): Promise<void> {
    const { clock, over } = this.#options;
    this.#stop.abort();
    const groups = new Set(this.#all.flatMap((service) => service.groups.live));
    // Most of them are no children of ours: there is no event of their end.
    const isAnyLeft = async () => (await runningProcesses()).some(({ group }) => groups.has(group));
    const askedUntil = clock.now() + (isUrgent ? 0 : GRACE_MS);
    for (const service of this.#all) service.groups.askToEnd();
    while (clock.now() < askedUntil && !over.aborted && (await isAnyLeft())) await clock.sleep(LOOK_MS, over);
    this.#kill();
    await this.#kept;
    const killedUntil = clock.now() + KILLED_WITHIN_MS;
    while (clock.now() < killedUntil && (await isAnyLeft())) await clock.sleep(LOOK_MS);
  }

  #kill(): void {
    this.#stop.abort();
    for (const { groups } of this.#all) groups.killAll();
  }

  async #keep(service: Service, onFirstEnd: () => void): Promise<void> {
    const { clock } = this.#options;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const hasFailed = await this.#run(service);
      onFirstEnd();
      if (!hasFailed || this.#stop.signal.aborted) return;
      // What it left may hold its port.
      service.groups.killAll();
      await clock.sleep(pauseMs, this.#stop.signal);
      if (this.#stop.signal.aborted) return;
    }
  }

  async #run(service: Service): Promise<boolean> {
    const { clock, workspace, env, over } = this.#options;
    const { command, output } = service;
    service.ended = null;
    service.groups = new ProcessGroups();
    const { code, ended } = await runHook("/bin/sh", {
      args: ["-c", command],
      cwd: workspace,
      env,
      clock,
      groups: service.groups,
      signal: over,
      timeoutMs: Number.POSITIVE_INFINITY,
      onOutput: output.take,
    });
    if (this.#stop.signal.aborted) return false;
    const hasFailed = code !== null && code > 0 && code <= LAST_FAILURE;
    service.ended = wordsFor(code, ended === "not_started");
    if (code !== 0) await this.#tell(service, hasFailed);
    return hasFailed;
  }

  /** Once: one that fails again and again is in the log by its output. */
  async #tell(service: Service, isStartedAgain: boolean): Promise<void> {
    if (service.hasBeenTold) return;
    service.hasBeenTold = true;
    const { command, ended, output } = service;
    const then = isStartedAgain ? "it is started again until it stays" : "it is not started again";
    const text = `The service ${JSON.stringify(command)} ${ended}: ${then}.${output.last()}`;
    await this.#options.recorder.record({ type: "notice", data: { level: "warn", text } });
  }
}

function wordsFor(code: number | null, isMissing: boolean): string {
  if (isMissing) return "cannot be started: the sandbox has no /bin/sh";
  return code === null || code > LAST_FAILURE ? "was ended by a signal" : `ended with ${code}`;
}

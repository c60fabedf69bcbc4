import { join } from "node:path";
import type { Outcome, WorkOrder } from "@agency/contract";
import type { Clock, Engine, Logger } from "@agency/core";
import { keepAlive } from "./clocks/keep-alive.ts";
import { firstState } from "./clocks/run-state.ts";
import type { RunState } from "./clocks/run-state.ts";
import { pricesOf, trackProgress } from "./clocks/track-progress.ts";
import type { ProgressTracker } from "./clocks/track-progress.ts";
import { watchRun } from "./clocks/watch-run.ts";
import type { Watch } from "./clocks/watch-run.ts";
import { privateFolder } from "./config.ts";
import type { RunnerConfig } from "./config.ts";
import { NOTHING_DELIVERED } from "./delivery/deliver-run.ts";
import { startForwarder } from "./forwarder/forwarder.ts";
import type { Forwarder } from "./forwarder/forwarder.ts";
import type { ModelCalls } from "./forwarder/model-calls.ts";
import { Journal } from "./journal/journal.ts";
import { createRecorder } from "./journal/recorder.ts";
import type { Recorder } from "./journal/recorder.ts";
import { ProcessGroups } from "./process/groups.ts";
import { proxyEnv } from "./proxy/proxy-env.ts";
import { startProxy } from "./proxy/start-proxy.ts";
import type { Proxy } from "./proxy/start-proxy.ts";
import { Asks } from "./session/asks.ts";
import { createRunCalls } from "./session/run-calls.ts";
import { NO_COUNTS } from "./session/deliver-workspace.ts";
import { Session } from "./session/session.ts";
import type { Lent } from "./session/session-options.ts";
import { RunnerTerminals } from "./terminal/terminals.ts";
import type { UplinkClient } from "./uplink/client.ts";
import type { Door } from "./uplink/door.ts";
import { finishRun } from "./uplink/finish-run.ts";
import type { FinishResult } from "./uplink/finish-run.ts";
import { listenCommands } from "./uplink/listen-commands.ts";
import { EventSender } from "./uplink/send-events.ts";
import { gitConfigFor } from "./workspace/git-routes.ts";

const KILL_WAIT_MS = 2000;
const LAST_WORDS_MS = 5000;
const LAST_CHECKPOINT_MS = 2000;

export type Ending = "finished" | "fenced" | "dead_man";

export interface AttemptOptions {
  config: RunnerConfig;
  order: WorkOrder;
  bootstrap: Lent;
  engines: Readonly<Record<string, Engine>>;
  door: Door;
  client: UplinkClient;
  clock: Clock;
  random: () => number;
  onEngineSpeaks: () => void;
  log: Logger;
}

/** Everything that lives from the work order until the outcome is taken, and ends together. */
export class Attempt {
  readonly #options: AttemptOptions;
  readonly #over = new AbortController();
  /** The run is being ended. */
  readonly #hurry = new AbortController();
  readonly #ending = Promise.withResolvers<Ending>();
  readonly #groups = new ProcessGroups();
  readonly #state: RunState;
  readonly #watch: Watch;
  readonly #progress: ProgressTracker;
  readonly #journal: Journal;
  readonly #recorder: Recorder;
  readonly #sender: EventSender;
  readonly #calls: ModelCalls;
  #forwarder: Forwarder | null = null;
  #proxy: Proxy | null = null;
  #session: Session | null = null;
  #terminals: RunnerTerminals | null = null;
  #isLeaving = false;

  constructor(options: AttemptOptions) {
    const { clock, config, order, client } = options;
    this.#options = options;
    this.#state = firstState(order, clock.now(), config.deadManMs);
    this.#watch = watchRun(clock, this.#state, {
      stop: (reason) => {
        options.log.info({ reason }, "The runner stops the agent.");
        this.#hurry.abort();
        this.#session?.stop();
      },
      kill: () => void this.#session?.killEngine(),
      abandon: () => this.#session?.abandon(),
      leave: () => this.#ending.resolve("dead_man"),
    });
    this.#progress = trackProgress(clock, this.#state, () => this.#watch.poke(), pricesOf(order.prices));
    this.#journal = new Journal({
      folder: join(privateFolder(config), "journal"),
      clock,
      onDisk: (error) => void this.#tellDisk(error),
    });
    this.#recorder = createRecorder({
      journal: this.#journal,
      clock,
      at: serverClock(order, clock),
      secrets: [order.attemptToken, ...Object.values(order.modelKeys)],
      limits: () => this.#state.limits,
      hurry: this.#hurry.signal,
      onFull: () => {
        this.#state.exhausted ??= "output";
        this.#watch.poke();
      },
    });
    this.#calls = createRunCalls({
      state: this.#state,
      progress: this.#progress,
      recorder: this.#recorder,
      poke: () => this.#watch.poke(),
    });
    this.#sender = new EventSender({
      client,
      clock,
      random: options.random,
      journal: this.#journal,
      signal: this.#over.signal,
      onAck: () => this.#progress.contact(),
      onFenced: (why) => this.#fence(why),
    });
  }

  /** Resolves when nothing of the attempt is left running; never after `crash` or `terminate`. */
  async run(): Promise<Ending> {
    void this.#sender.run();
    void this.#keepAlive();
    void this.#live().then(
      (ending) => this.#isLeaving || this.#ending.resolve(ending),
      (error: unknown) => this.#ending.reject(error),
    );
    const ending = await this.#ending.promise;
    await this.#close();
    return ending;
  }

  /** The runner itself failed: say so if anyone listens, and leave nothing running. */
  async crash(message: string): Promise<void> {
    this.#isLeaving = true;
    const { clock } = this.#options;
    const data = { class: "unknown", severity: "fatal", message, retryable: false } as const;
    void this.#recorder.record({ type: "error", data });
    await this.#killEngine();
    const outcome = { ...FAILED, summary: message };
    await Promise.race([this.#finish(outcome), clock.sleep(LAST_WORDS_MS)]);
    await this.#close();
  }

  async terminate(): Promise<void> {
    this.#isLeaving = true;
    await this.#saveLast();
    await this.#close();
  }

  async #keepAlive(): Promise<void> {
    const { clock } = this.#options;
    const signal = this.#over.signal;
    await keepAlive({ clock, state: this.#state, journal: this.#journal, recorder: this.#recorder, signal });
  }

  async #live(): Promise<Ending> {
    const { client, clock, random } = this.#options;
    this.#session = await this.#openSession();
    const session = this.#session;
    const terminals = this.#openTerminals(session);
    void listenCommands({
      client,
      clock,
      random,
      signal: this.#over.signal,
      onCommand: (command) =>
        command.kind === "terminal" ? terminals.open(command.id) : session.obey(command),
      onContact: () => this.#progress.contact(),
      onFenced: (why) => this.#fence(why),
    });
    const outcome = await session.run();
    if (outcome === null) return "dead_man";
    const result = await this.#finish(outcome);
    if (result.kind === "fenced") this.#fence(result.why);
    if (result.kind === "accepted" && result.keepMs !== null) await this.#stayFor(result.keepMs);
    return result.kind === "accepted" ? "finished" : "fenced";
  }

  /** In the agent's place: its environment, its workspace, its confinement. */
  #openTerminals(session: Session): RunnerTerminals {
    const { order, door, config, log } = this.#options;
    const attempt = { taskId: order.taskId, epoch: order.epoch, token: order.attemptToken };
    const env = (): Readonly<Record<string, string>> => session.env;
    this.#terminals = new RunnerTerminals({ door, attempt, cwd: config.workspace, env, log });
    return this.#terminals;
  }

  /**
   * The work is handed in; the sandbox is there for people alone. It ends from outside, when the control plane says
   * that it is over, or when nothing was heard of it for as long as it was to be kept.
   */
  async #stayFor(keepMs: number): Promise<void> {
    this.#options.log.info({ keepMs }, "The sandbox is kept for people to look into.");
    await this.#killEngine();
    await Promise.all([this.#forwarder?.close(), this.#proxy?.close()]);
    this.#state.deadManMs = Math.max(keepMs, this.#state.deadManMs);
    this.#state.stage = "kept";
    this.#watch.poke();
    await this.#ending.promise;
  }

  /** A session and its ways out of the sandbox. */
  async #openSession(): Promise<Session> {
    const { clock, order, door } = this.#options;
    const attempt = { taskId: order.taskId, epoch: order.epoch, token: order.attemptToken };
    const way = { door, clock, attempt };
    const [forwarder, proxy] = await Promise.all([
      startForwarder({ ...way, calls: this.#calls, random: this.#options.random }),
      startProxy(way),
    ]);
    this.#forwarder = forwarder;
    this.#proxy = proxy;
    const gitSettings = gitConfigFor({ forwarderUrl: forwarder.url, gitHosts: order.gitHosts });
    const parts = { recorder: this.#recorder, progress: this.#progress };
    return new Session({
      ...this.#options,
      ...parts,
      forwarderUrl: forwarder.url,
      waysOut: { proxyEnv: proxyEnv(proxy), gitSettings },
      asks: new Asks({ ...this.#options, ...parts, epoch: order.epoch, signal: this.#over.signal }),
      groups: this.#groups,
      state: this.#state,
      poke: () => this.#watch.poke(),
      release: () => this.#calls.again.fire(),
      hangUp: async () => this.#terminals?.hangUp(),
      at: serverClock(order, clock),
      over: this.#over.signal,
      onFenced: (why) => this.#fence(why),
    });
  }

  #finish(outcome: Outcome): Promise<FinishResult> {
    const { client, clock, random } = this.#options;
    return finishRun({
      client,
      clock,
      random,
      journal: this.#journal,
      sender: this.#sender,
      signal: this.#over.signal,
      finished: { finalSeq: this.#recorder.close(), outcome },
    });
  }

  #fence(why: string): void {
    this.#options.log.warn({ why }, "This attempt is over for the control plane: stopping at once.");
    this.#ending.resolve("fenced");
  }

  async #close(): Promise<void> {
    this.#over.abort();
    this.#watch.close();
    await Promise.all([this.#killEngine(), this.#terminals?.close()]);
    await Promise.all([this.#forwarder?.close(), this.#proxy?.close()]);
    await this.#journal.close();
    this.#options.client.close();
  }

  /** The sandbox is going: what the agent has done so far is worth the few seconds there may be. */
  async #saveLast(): Promise<void> {
    const { clock } = this.#options;
    const saved = this.#session?.killEngine().then(() => this.#session?.saved);
    await Promise.race([saved, clock.sleep(LAST_CHECKPOINT_MS)]);
  }

  async #killEngine(): Promise<void> {
    this.#groups.killAll();
    const { clock } = this.#options;
    await Promise.race([this.#session?.kill(), clock.sleep(KILL_WAIT_MS)]);
    this.#groups.killAll();
  }

  async #tellDisk(error: unknown): Promise<void> {
    if (error === null) {
      const text = "The disk of the sandbox takes the runner's journal again.";
      return this.#recorder.record({ type: "notice", data: { level: "info", text } });
    }
    const why = error instanceof Error ? error.message : "unknown error";
    await this.#recorder.record({
      type: "error",
      data: {
        class: "disk_full",
        severity: "warning",
        message: `The runner cannot write its journal: ${why}`,
        retryable: true,
        recovery: "Events are sent from memory until there is room; the agent waits when there are too many.",
      },
    });
  }
}

const FAILED = {
  state: "failed",
  reason: "engine_error",
  ...NO_COUNTS,
  ...NOTHING_DELIVERED,
} as const;

/** Events carry the control plane's time, whatever the sandbox's own clock says. */
function serverClock(order: WorkOrder, clock: Clock): () => string {
  const offset = Date.parse(order.serverTime) - clock.now();
  return () => new Date(clock.now() + offset).toISOString();
}

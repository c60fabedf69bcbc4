import type { Outcome, RunnerCommand } from "@agency/contract";
import type { EngineStart } from "@agency/core";
import { deadline } from "../clocks/deadline.ts";
import type { RunState } from "../clocks/run-state.ts";
import { timeLeft } from "../clocks/time-left.ts";
import { beginWait, endWait } from "../clocks/waits.ts";
import { NOTHING_DELIVERED } from "../delivery/deliver-run.ts";
import type { Declared } from "../delivery/deliver-run.ts";
import { applyLimits } from "../setup/apply-limits.ts";
import { prepareEnvironment } from "../setup/prepare-environment.ts";
import type { Environment } from "../setup/prepare-environment.ts";
import { configCommit } from "../setup/read-plan.ts";
import { createGit } from "../workspace/git.ts";
import type { Git } from "../workspace/git.ts";
import { prepareWorkspace } from "../workspace/prepare-workspace.ts";
import { agentEnv } from "./agent-env.ts";
import { engineProblem, engineStart } from "./engine-start.ts";
import { EngineTurns } from "./engine-turns.ts";
import type { EngineReport } from "./engine-turns.ts";
import { runWorkspaceHook } from "./hooks.ts";
import type { HookName } from "./hooks.ts";
import { handOver, tellChanges } from "./hand-over.ts";
import type { WorkDone } from "./hand-over.ts";
import { inPhase } from "./in-phase.ts";
import { KeptCheckpoints } from "./kept-checkpoints.ts";
import { Storing } from "./storing.ts";
import { decideOutcome } from "./outcome.ts";
import type { SessionOptions } from "./session-options.ts";

/** After the last turn: for how long background work of the agent may go on. */
const DRAIN_MS = 5 * 60_000;
/** From SIGTERM to SIGKILL, and from the last input to the engine's exit: a cancelled run has 2 s in all. */
const KILL_GRACE_MS = 500;
/** The engine cuts its drain itself; ours only catches one that does not. */
const DRAIN_BACKSTOP_MS = DRAIN_MS + 10_000;
const PRE_RUN_MS = 10 * 60_000;
const POST_RUN_MS = 2 * 60_000;
/** Past the wall limit the control plane waits 15 s; stopping the engine takes up to 5 s of them. */
const LATE_POST_RUN_MS = 4000;
/** To read the files. To store them takes as long as it takes: the sandbox must not go before. */
const LAST_CHECKPOINT_MS = 10 * 60_000;
const LATE_CHECKPOINT_MS = 60_000;
const DEAD_MAN_CHECKPOINT_MS = 5000;

const NOTHING_RUN: EngineReport = {
  end: null,
  turnStop: null,
  lastText: "",
  lastError: "",
  files: new Set(),
};

type Say = Extract<RunnerCommand, { kind: "say" }>;

/** One attempt from the work order to its outcome: workspace, hooks, engine, delivery. */
export class Session {
  readonly #options: SessionOptions;
  #env: Record<string, string>;
  readonly #git: Git;
  readonly #setup = new AbortController();
  readonly #cancelled = new AbortController();
  readonly #gone = new AbortController();
  /** Said before the engine could hear it. */
  #early: Say[] = [];
  #turns: EngineTurns | null = null;
  #killed = false;
  #base: string | null = null;
  /** What this sandbox cloned, before anything was restored. */
  #cloned: string | null = null;
  #environment: Environment | null = null;
  readonly #kept: KeptCheckpoints;
  /** The session of a restored checkpoint. */
  #resume: EngineStart["resume"] | null = null;
  readonly #storing: Storing;
  readonly #saved = Promise.withResolvers<void>();
  /** By the repository, before the work. */
  #declared: Declared = { checks: [], artifacts: [] };

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#env = agentEnv(options.config, options.order, options.waysOut);
    this.#git = createGit(options.config.workspace, this.#env, options.clock, options.groups);
    this.#storing = new Storing({ ...options, taskId: options.order.taskId });
    this.#kept = new KeptCheckpoints({ ...options, git: this.#git, way: options });
  }

  /** The agent's, with what the repository's set-up added to it. */
  get env(): Readonly<Record<string, string>> {
    return this.#env;
  }

  /** Resolves when the last checkpoint was sent, or there is none to send. */
  get saved(): Promise<void> {
    return this.#saved.promise;
  }

  /** Null: nobody waits for an outcome. */
  async run(): Promise<Outcome | null> {
    try {
      return await this.#live();
    } finally {
      this.#storing.close();
    }
  }

  async #live(): Promise<Outcome | null> {
    const { state } = this.#options;
    const problem = await this.#prepare();
    const mayRun = problem === null && state.stopping === null && !this.#killed;
    const report = mayRun ? await this.#runEngine() : null;
    await this.#takeLastCheckpoint();
    const isNobodyThere = state.stopping?.reason === "dead_man";
    if (isNobodyThere) await this.saved;
    this.#enter("finishing");
    if (isNobodyThere || this.#killed) return null;
    const outcome = await this.#conclude(report, problem);
    await this.saved;
    return outcome;
  }

  /** Resolves when it holds the files, so that they may change again; `saved` when it is sent. */
  async #takeLastCheckpoint(): Promise<void> {
    const { clock, progress, state, over: ended } = this.#options;
    const turns = this.#turns;
    if (turns === null || this.#killed) return this.#saved.resolve();
    const limit = deadline(clock, this.#checkpointMs(), ended);
    const over = progress.open();
    const stored = this.#storing.hold();
    // Nobody would take it later either.
    const givenUp = state.stopping?.reason === "dead_man" ? limit.signal : this.#storing.signal;
    const onTrouble = (why: string): void => this.#storing.trouble(why);
    const { sent } = await this.#kept.last(turns, { late: limit.signal, givenUp, onTrouble });
    over();
    void sent.then(async () => {
      limit.clear();
      if (!givenUp.aborted) await this.#storing.recovered();
      stored();
      this.#saved.resolve();
    });
  }

  #checkpointMs(): number {
    const { state } = this.#options;
    if (state.cancelled) return LATE_CHECKPOINT_MS;
    if (state.stopping?.reason === "dead_man") return DEAD_MAN_CHECKPOINT_MS;
    return this.#timeLeft(LAST_CHECKPOINT_MS, LATE_CHECKPOINT_MS);
  }

  async #conclude(report: EngineReport | null, problem: string | null): Promise<Outcome> {
    const { state } = this.#options;
    const stopped = state.stopping?.reason ?? null;
    if (state.cancelled) this.#cancelled.abort();
    if (report !== null) {
      await this.#hook("post-run", this.#timeLeft(POST_RUN_MS, LATE_POST_RUN_MS), this.#cancelled.signal);
    }
    await this.#endServices();
    const known = report ?? { ...NOTHING_RUN, lastError: problem ?? "" };
    const work: WorkDone = {
      ...this.#options,
      git: this.#git,
      env: this.#env,
      declared: this.#declared,
      base: this.#base,
      report: known,
      cancelled: this.#cancelled.signal,
      gone: this.#gone.signal,
      storing: this.#storing,
      enter: (stage) => this.#enter(stage),
    };
    if (report !== null) await this.#options.hangUp();
    const counts = await tellChanges(work);
    const delivered = report === null ? NOTHING_DELIVERED : await handOver(work);
    const { checks } = delivered;
    const decided = decideOutcome({ ...known, stopped: state.cancelled ? "cancelled" : stopped, checks });
    const setupFailed = decided.state === "failed" && problem !== null && stopped === null;
    return {
      ...decided,
      ...counts,
      ...delivered,
      ...(setupFailed ? { reason: "setup_failed" as const } : {}),
    };
  }

  obey(command: Exclude<RunnerCommand, { kind: "terminal" }>): void {
    const { state, poke, asks, clock, release } = this.#options;
    switch (command.kind) {
      case "say":
        return this.#say(command);
      case "answer":
        return asks.answer(command.askId, command.answer);
      case "interrupt":
        return this.#turns?.interrupt();
      case "cancel":
        state.cancelled = true;
        this.#cancelled.abort();
        return poke();
      case "limits":
        state.limits = command.limits;
        release();
        return poke();
      case "wait": {
        const stoodStill = state.paused;
        beginWait(state, command.pause, clock.now());
        // What the broker holds is for the broker to let go; what only we held may be asked for again.
        if (stoodStill && !command.pause) release();
        return this.#waitChanged();
      }
      case "checkpoint":
        return void this.#kept.asked(command.label, this.#turns);
      case "proceed":
        endWait(state, clock.now());
        release();
        return this.#waitChanged();
    }
  }

  #waitChanged(): void {
    const { state, poke } = this.#options;
    if (state.stopping === null) this.#holdEngine(this.#shouldHold());
    poke();
  }

  #holdEngine(isHeld: boolean): void {
    this.#turns?.hold(isHeld);
  }

  /** An engine that only stops its own clocks stops them in every wait: its model calls are held in each. */
  #shouldHold(): boolean {
    const { state, engines, order } = this.#options;
    const { paused, waitingSince } = state;
    return engines[order.engine]?.capabilities.pause === "process" ? paused : waitingSince !== null;
  }

  /** The clocks ask for an end. */
  stop(): void {
    this.#setup.abort();
    // What stands still cannot stop.
    this.#holdEngine(false);
    this.#turns?.stop();
  }

  /** Resolves when no process of the engine is left. The session goes on to its outcome. */
  async killEngine(): Promise<void> {
    await this.#turns?.kill();
  }

  /** As `killEngine`, and there will be no outcome. */
  async kill(): Promise<void> {
    this.#killed = true;
    this.#setup.abort();
    this.#cancelled.abort();
    this.#gone.abort();
    await this.killEngine();
  }

  abandon(): void {
    this.#turns?.abandon();
  }

  #enter(stage: RunState["stage"]): void {
    const { state, clock, poke } = this.#options;
    state.stage = stage;
    state.stageSince = clock.now();
    state.lastProgressAt = state.stageSince;
    poke();
  }

  async #prepare(): Promise<string | null> {
    const problem =
      (await inPhase(this.#options, "workspace", () => this.#prepareWorkspace())) ??
      (await this.#beginCheckpoints()) ??
      (await this.#prepareEnvironment()) ??
      (await this.#hook("pre-run", PRE_RUN_MS, this.#setup.signal));
    if (problem !== null && this.#options.state.stopping === null) await this.#recordFatal(problem);
    return problem;
  }

  async #prepareWorkspace(): Promise<string | null> {
    const { bootstrap, config, order, waysOut, engines } = this.#options;
    const engine = Object.hasOwn(engines, order.engine) ? engines[order.engine] : undefined;
    if (engine === undefined) return `This runner has no engine "${order.engine}".`;
    const problem = engineProblem(engine, order);
    if (problem !== null) return problem;
    const { repository } = order;
    const { workspace } = config;
    const { gitSettings } = waysOut;
    const signal = this.#setup.signal;
    const { mirror = null } = bootstrap;
    const here = { git: this.#git, workspace, mirror };
    const prepared = await prepareWorkspace({ ...here, repository, gitSettings, signal });
    if (!prepared.ok) return prepared.problem;
    this.#base = prepared.base;
    this.#cloned = prepared.base;
    return null;
  }

  async #beginCheckpoints(): Promise<string | null> {
    const { order, engines } = this.#options;
    const engine = engines[order.engine];
    const base = this.#base;
    if (engine === undefined || base === null) return null;
    const begin = async (): Promise<string | null> => {
      const begun = await this.#kept.begin(engine, base, this.#setup.signal);
      if (!begun.ok) return begun.problem;
      this.#base = begun.base;
      this.#resume = begun.resume;
      return null;
    };
    return order.restore === null ? begin() : inPhase(this.#options, "restore", begin);
  }

  async #prepareEnvironment(): Promise<string | null> {
    const { bootstrap, config, order, waysOut } = this.#options;
    const [base, cloned] = [this.#base, this.#cloned];
    if (base === null || cloned === null || this.#setup.signal.aborted) return null;
    const { workspace } = config;
    const prepared = await prepareEnvironment({
      ...this.#options,
      git: this.#git,
      workspace,
      commit: configCommit(cloned, base, order.restore),
      restoredBase: order.restore === null ? null : base,
      home: config.home,
      caches: bootstrap.caches ?? null,
      signal: this.#setup.signal,
      envWith: (added) => agentEnv(config, { ...order, env: { ...added, ...order.env } }, waysOut),
      lowerLimits: (asked) => applyLimits(this.#options, asked, this.#setup.signal),
    });
    this.#environment = prepared;
    this.#env = prepared.env;
    this.#declared = prepared;
    return prepared.problem;
  }

  /** Before the work is read: what they write meanwhile would be half in it. */
  async #endServices(): Promise<void> {
    const { cancelled, stopping } = this.#options.state;
    await this.#environment?.services.end(cancelled || stopping !== null);
  }

  #timeLeft(most: number, late: number): number {
    const { state, clock } = this.#options;
    return timeLeft(state, clock.now(), most, late);
  }

  async #hook(name: HookName, timeoutMs: number, signal: AbortSignal): Promise<string | null> {
    const { recorder, clock, groups, config } = this.#options;
    if (signal.aborted) return null;
    return runWorkspaceHook(name, {
      recorder,
      clock,
      groups,
      workspace: config.workspace,
      env: this.#env,
      command: this.#environment?.hooks[name] ?? null,
      timeoutMs,
      signal,
    });
  }

  async #runEngine(): Promise<EngineReport | null> {
    const { order, engines, recorder, progress, state, clock, poke } = this.#options;
    const engine = engines[order.engine];
    if (engine === undefined) return null;
    const drain = { drainMs: DRAIN_MS, killGraceMs: KILL_GRACE_MS };
    const start = engineStart({ ...this.#options, engine, env: this.#env, drain, resume: this.#resume });
    const run = engine.start({ id: order.promptId, text: order.prompt }, start);
    const onFirstEvent = this.#options.onEngineSpeaks;
    const onDraining = (): void => {
      state.draining = { since: clock.now(), forMs: DRAIN_BACKSTOP_MS };
      poke();
    };
    const turns: EngineTurns = new EngineTurns({
      run,
      firstId: order.promptId,
      recorder,
      progress,
      onDraining,
      onFirstEvent,
      onTurnEnd: () => this.#kept.turnEnded(turns),
    });
    this.#turns = turns;
    this.#enter("engine");
    if (this.#shouldHold()) this.#holdEngine(true);
    const driven = turns.drive();
    for (const early of this.#early.splice(0)) this.#say(early);
    return driven;
  }

  #say(command: Say): void {
    if (this.#turns === null) this.#early.push(command);
    else void this.#turns.say({ id: command.id, text: command.text }, command.mode);
  }

  async #recordFatal(message: string): Promise<void> {
    const { recorder } = this.#options;
    const data = { class: "config", severity: "fatal", message, retryable: false } as const;
    await recorder.record({ type: "error", data });
  }
}

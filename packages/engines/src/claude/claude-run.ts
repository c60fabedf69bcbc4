import type { Clock, EngineEvent, EngineRun, EngineStart, SessionBundle, UserInput } from "@agency/core";
import { query } from "@anthropic-ai/claude-agent-sdk";
import type { Query, SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { createChanges } from "../shared/changes.ts";
import { createDecisions } from "../shared/decisions.ts";
import { createPause } from "../shared/pause.ts";
import { endProcesses } from "../shared/process-tree.ts";
import { noMoreInput } from "../shared/refusals.ts";
import { createSpeaker } from "../shared/speaker.ts";
import type { Speaker } from "../shared/speaker.ts";
import { startClaudeProcess } from "./claude-process.ts";
import type { ClaudeProcess } from "./claude-process.ts";
import { decideEnding } from "./decide-ending.ts";
import type { StartProblem } from "./decide-ending.ts";
import { decideNext } from "./decide-next.ts";
import type { NextStep } from "./decide-next.ts";
import { createInputs, toMessage } from "./inputs.ts";
import { mapMessage } from "./map/map-message.ts";
import { newMapping, withInput, withStanding } from "./map/mapping.ts";
import type { Mapping } from "./map/mapping.ts";
import { prepare } from "./prepare.ts";
import type { Prepared } from "./prepare.ts";
import { queryOptions } from "./query-options.ts";
import { readSession, sessionUnknown } from "./session-files.ts";

/** From the end of background work to the turn in which the model hears of it: 25 ms measured. */
const SETTLE_MS = 2000;

export interface ClaudeRunDeps {
  executable: string;
  clock: Clock;
  maxSessionBytes: number;
}

/** One life of the engine's process: feeds it inputs, maps what it says, and ends it when all is done. */
export class ClaudeRun implements EngineRun {
  readonly #deps: ClaudeRunDeps;
  readonly #start: EngineStart;
  readonly #speaker: Speaker;
  readonly #inputs = createInputs();
  readonly #changes = createChanges();
  readonly #timer;
  readonly #decisions = createDecisions(() => this.#advance());
  readonly #turnLimit: number;
  readonly #waiting: UserInput[] = [];
  readonly #ended: Promise<void>;
  #mapping: Mapping;
  #session: { id: string; version: string } | undefined;
  #claude: ClaudeProcess | undefined;
  #conversation: Query | undefined;
  #interrupting: Promise<void> | undefined;
  #isFinishing = false;
  #isClosed = false;
  #isOverTurns = false;
  #isKilled = false;
  #isPaused = false;
  #isOver = false;

  constructor(deps: ClaudeRunDeps, first: UserInput, start: EngineStart) {
    this.#deps = deps;
    this.#start = start;
    this.#speaker = createSpeaker(deps.clock);
    this.#timer = createPause(deps.clock);
    this.#turnLimit = start.limits.turns ?? Infinity;
    const isResumed = start.resume !== undefined;
    this.#mapping = newMapping({ cwd: start.cwd, isResumed, turnLimit: this.#turnLimit });
    this.#speaker.accept(first.id);
    this.#deliver(first);
    this.#ended = this.#live();
  }

  [Symbol.asyncIterator](): AsyncIterator<EngineEvent> {
    return this.#speaker.events[Symbol.asyncIterator]();
  }

  async send(input: UserInput, how: "steer" | "next_turn"): Promise<void> {
    if (this.#isOver || this.#isFinishing || this.#isClosed || this.#isKilled) throw noMoreInput(input.id);
    this.#speaker.accept(input.id);
    if (how === "steer") this.#deliver(input);
    else this.#waiting.push(input);
    this.#advance();
  }

  async interrupt(): Promise<void> {
    // Shared, so that a second call cannot hit the turn after the one that is being stopped.
    this.#interrupting ??= this.#stopTurn().finally(() => (this.#interrupting = undefined));
    await this.#interrupting;
  }

  async finish(): Promise<void> {
    this.#isFinishing = true;
    this.#advance();
  }

  async kill(): Promise<void> {
    if (this.#isOver) return;
    this.#isKilled = true;
    this.#decisions.giveUp();
    await this.#endProcesses();
    // Only now: while the engine lives, a slow reader is what keeps its output from filling the memory.
    this.#speaker.release();
    this.#conversation?.close();
    await this.#ended;
  }

  /** Its model calls are held outside; here only the time for work beside the turn stops. */
  pause(): void {
    this.#isPaused = true;
    this.#advance();
  }

  unpause(): void {
    this.#isPaused = false;
    this.#advance();
  }

  async exportSession(): Promise<SessionBundle> {
    if (this.#session === undefined) throw sessionUnknown();
    const { id, version } = this.#session;
    const files = await readSession(this.#start.home, id, this.#deps.maxSessionBytes);
    return { sessionId: id, engineVersion: version, files };
  }

  async #live(): Promise<void> {
    const prepared = await prepare(this.#start, this.#deps).catch((error: unknown) =>
      notStarted(sentenceOf(error)),
    );
    if ("kind" in prepared) return this.#wrapUp(prepared, "");
    // An error result makes the SDK throw after it was told; what it means is decided from how things stand.
    const thrown = await this.#converse(prepared).catch((error: unknown) => ({ error }));
    const failure = thrown === undefined ? "" : sentenceOf(thrown.error);
    const wasStarted = this.#claude !== undefined && this.#claude.spawnError() === undefined;
    await this.#wrapUp(wasStarted ? undefined : notStarted(failure), failure);
  }

  async #converse(prepared: Prepared): Promise<void> {
    const options = queryOptions(this.#start, {
      ...prepared,
      executable: this.#deps.executable,
      decisions: this.#decisions,
      spawn: (spawn) => {
        if (this.#isKilled) throw new Error("The run was ended before the engine was started.");
        this.#claude = startClaudeProcess(spawn, this.#speaker.room);
        return this.#claude.spawned;
      },
    });
    this.#conversation = query({ prompt: this.#inputs.stream, options });
    for await (const message of this.#conversation) this.#take(message);
  }

  #take(message: SDKMessage): void {
    // What is being ended still reports how its tools fail; that is our doing and no news.
    if (this.#isKilled) return;
    try {
      const { state, events } = mapMessage(this.#mapping, message);
      this.#mapping = state;
      for (const event of events) this.#say(event);
    } catch (error) {
      // The program behind is in the agent's hands: a message of another shape than promised must not end the run.
      this.#warn(`A message of the engine could not be read: ${sentenceOf(error)}.`);
    }
    this.#advance();
  }

  #say(event: EngineEvent): void {
    if (event.type === "session")
      this.#session ??= { id: event.data.sessionId, version: event.data.engineVersion };
    this.#speaker.say(event);
  }

  /** Called after anything changed. */
  #advance(): void {
    const { standing } = this.#mapping;
    if (this.#isBeyondTurns()) this.#stopOverTurns();
    const isEnding = this.#isOver || this.#isClosed || this.#isKilled;
    const situation = {
      standing,
      waiting: this.#waiting.length,
      untaken: this.#mapping.inputs.size,
      isFinishing: this.#isFinishing,
      isHeld: this.#isPaused || this.#decisions.open > 0,
      turnLimit: this.#turnLimit,
    };
    if (!isEnding) this.#do(decideNext(situation));
    this.#changes.fire();
  }

  #do(next: NextStep): void {
    const { limits } = this.#start;
    switch (next) {
      case "wait":
        return this.#timer.cancel();
      case "send":
        this.#timer.cancel();
        return this.#sendNext();
      case "close":
        return this.#close();
      case "drain":
        return this.#timer.wait("drain", limits.drainMs, () => this.#cutBackground());
      case "settle":
        return this.#timer.wait("settle", SETTLE_MS, () => {
          this.#mapping = withStanding(this.#mapping, { owesTurn: false });
          this.#advance();
        });
    }
  }

  #sendNext(): void {
    const input = this.#waiting.shift();
    if (input !== undefined) this.#deliver(input);
  }

  #deliver(input: UserInput): void {
    const message = toMessage(input);
    const known = withInput(this.#mapping, message.uuid, input.id);
    this.#mapping = withStanding(known, { isTurnOpen: true, owesTurn: false });
    this.#inputs.push(message);
  }

  /** The engine counts turns anew for every input; over the whole run they are counted here. */
  #isBeyondTurns(): boolean {
    const { standing, streaming } = this.#mapping;
    return (
      standing.isTurnOpen &&
      standing.turns >= this.#turnLimit &&
      streaming?.stopReason === undefined &&
      streaming !== undefined
    );
  }

  #stopOverTurns(): void {
    if (this.#isOverTurns) return;
    this.#isOverTurns = true;
    void this.interrupt();
  }

  async #stopTurn(): Promise<void> {
    // Before the engine has read the input there is nothing that an interrupt could stop.
    await this.#changes.until(() => this.#isOver || !this.#isTurnOpen() || this.#isEngineBusy());
    if (this.#isOver || !(this.#isTurnOpen() || this.#isEngineBusy())) return;
    // Rejects when the engine ends at that moment, which is as good.
    await this.#conversation?.interrupt().catch(() => undefined);
    await this.#changes.until(() => this.#isOver || !this.#isTurnOpen());
  }

  #isTurnOpen(): boolean {
    return this.#mapping.standing.isTurnOpen;
  }

  /** An engine that does not say what it is doing is busy once it has begun. */
  #isEngineBusy(): boolean {
    const { isIdle } = this.#mapping.standing;
    return isIdle === undefined ? this.#mapping.hasSession && this.#isTurnOpen() : !isIdle;
  }

  #close(): void {
    if (this.#waiting.length > 0 && this.#mapping.standing.lastStop !== "budget") this.#isOverTurns = true;
    this.#isClosed = true;
    this.#inputs.close();
    this.#timer.wait("exit", this.#start.limits.killGraceMs, () => void this.#endProcesses());
  }

  #cutBackground(): void {
    const names = this.#mapping.standing.background.join(", ") || "a sub-agent";
    const seconds = Math.round(this.#start.limits.drainMs / 1000);
    this.#warn(`Background work went on for ${seconds} s after the last turn and was ended: ${names}.`);
    this.#isClosed = true;
    this.#inputs.close();
    void this.#endProcesses();
  }

  async #endProcesses(): Promise<void> {
    if (this.#claude !== undefined)
      // Asked alone it ends its shells itself and keeps its transcript whole.
      await endProcesses(
        this.#claude,
        { ask: "leader", graceMs: this.#start.limits.killGraceMs },
        this.#deps.clock,
      );
  }

  async #wrapUp(problem: StartProblem | undefined, failure: string): Promise<void> {
    this.#timer.cancel();
    this.#decisions.giveUp();
    this.#inputs.close();
    // What the agent left behind would go on changing the workspace while it is handed over.
    if (this.#claude !== undefined)
      await endProcesses(this.#claude, { ask: "nobody", graceMs: 0 }, this.#deps.clock);
    const ending = decideEnding({
      problem,
      isKilled: this.#isKilled,
      isClosed: this.#isClosed,
      isOverTurns: this.#isOverTurns,
      standing: this.#mapping.standing,
      exit: (await this.#claude?.exited) ?? { exitCode: null, signal: null },
      failure,
      stderr: this.#claude?.stderr() ?? "",
    });
    this.#isOver = true;
    if (ending.error !== undefined) this.#speaker.say(ending.error);
    this.#speaker.end(ending.stop, ending.end);
    this.#changes.fire();
  }

  #warn(text: string): void {
    this.#speaker.say({ type: "notice", data: { level: "warn", text } });
  }
}

function notStarted(error: unknown): StartProblem {
  return {
    kind: "error",
    class: "config",
    message: `Claude Code could not be started: ${sentenceOf(error)}.`,
  };
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

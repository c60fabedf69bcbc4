import type {
  Engine,
  EngineEnd,
  EngineEvent,
  EngineRun,
  EngineStart,
  SessionBundle,
  UserInput,
} from "@agency/core";
import { createSignal } from "../process/signal.ts";

type Behaviour = Partial<Pick<ScriptedRun, "onSend" | "onInterrupt" | "onFinish" | "onKill">>;

/** One run of an engine whose every word a test decides. By default it obeys: interrupts, finishes and dies at once. */
export class ScriptedRun implements EngineRun {
  readonly first: UserInput;
  readonly options: EngineStart;
  readonly sent: { input: UserInput; how: string }[] = [];
  interrupts = 0;
  kills = 0;
  isPaused = false;
  onSend: (input: UserInput) => void = () => undefined;
  onInterrupt: () => void = () => this.turnEnd("interrupted");
  onFinish: () => void = () => this.end({ outcome: "completed" });
  onKill: () => void = () => this.end({ outcome: "killed" });
  readonly #queue: EngineEvent[] = [];
  readonly #changed = createSignal();
  readonly #heard = createSignal();
  readonly #open: string[];
  #ended = false;

  constructor(first: UserInput, options: EngineStart, behaviour: Behaviour) {
    this.first = first;
    this.options = options;
    this.#open = [first.id];
    Object.assign(this, behaviour);
  }

  emit(event: EngineEvent): void {
    if (this.#ended) return;
    this.#ended = event.type === "end";
    this.#queue.push(event);
    this.#changed.fire();
  }

  /** Resolves when the runner has passed on this input. */
  async heard(id: string): Promise<void> {
    while (!this.sent.some(({ input }) => input.id === id)) await this.#heard.wait();
  }

  say(text: string): void {
    this.emit({ type: "text", data: { messageId: "m1", text } });
  }

  turnEnd(stop: "completed" | "interrupted" | "max_turns" | "error", text = ""): void {
    this.emit({ type: "turn_end", data: { inputIds: this.#open.splice(0), stop, text } });
  }

  end(data: EngineEnd["data"]): void {
    this.emit({ type: "end", data });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EngineEvent> {
    for (;;) {
      const event = this.#queue.shift();
      if (event === undefined) await this.#changed.wait();
      else yield event;
      if (event?.type === "end") return;
    }
  }

  async send(input: UserInput, how: "steer" | "next_turn"): Promise<void> {
    if (this.#ended) throw new Error("The run has ended.");
    this.sent.push({ input, how });
    this.#heard.fire();
    this.#open.push(input.id);
    this.onSend(input);
  }

  async interrupt(): Promise<void> {
    this.interrupts += 1;
    this.onInterrupt();
  }

  async finish(): Promise<void> {
    this.onFinish();
  }

  async kill(): Promise<void> {
    this.kills += 1;
    this.onKill();
  }

  pause(): void {
    this.#standStill(true);
  }

  unpause(): void {
    this.#standStill(false);
  }

  #standStill(isPaused: boolean): void {
    this.isPaused = isPaused;
    this.#heard.fire();
  }

  /** Resolves when the runner has stopped the program, or let it go on. */
  async stood(isPaused: boolean): Promise<void> {
    while (this.isPaused !== isPaused) await this.#heard.wait();
  }

  exportSession(): Promise<SessionBundle> {
    return Promise.reject(new Error("A scripted run has no session."));
  }
}

const CAPABILITIES: Engine["capabilities"] = {
  resume: "none",
  interrupt: "soft",
  midTurnInput: true,
  fileChanges: "structured",
  deltas: false,
  pause: "process",
  toolGate: "every-call",
  questions: true,
  vendors: ["anthropic"],
};

/** Hands each run to the test as it starts. */
export class ScriptedEngine implements Engine {
  readonly id = "scripted";
  readonly title = "Scripted";
  readonly capabilities: Engine["capabilities"];
  readonly #begun = Promise.withResolvers<ScriptedRun>();
  readonly #play: (run: ScriptedRun) => void;
  readonly #behaviour: Behaviour;

  constructor(
    play: (run: ScriptedRun) => void = () => undefined,
    behaviour: Behaviour = {},
    capabilities: Partial<Engine["capabilities"]> = {},
  ) {
    this.capabilities = { ...CAPABILITIES, ...capabilities };
    this.#play = play;
    this.#behaviour = behaviour;
  }

  /** The run, once it has started. */
  get run(): Promise<ScriptedRun> {
    return this.#begun.promise;
  }

  async probe(): Promise<{ version: string; problems: string[] }> {
    return { version: "1", problems: [] };
  }

  async importSession(_bundle: SessionBundle, _at: { home: string; cwd: string }): Promise<void> {}

  start(first: UserInput, options: EngineStart): ScriptedRun {
    const run = new ScriptedRun(first, options, this.#behaviour);
    this.#play(run);
    this.#begun.resolve(run);
    return run;
  }
}

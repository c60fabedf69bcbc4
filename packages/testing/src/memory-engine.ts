import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { AgencyError } from "@agency/contract";
import type { ErrorClass, Question } from "@agency/contract";
import type {
  Engine,
  EngineCapabilities,
  EngineEnd,
  EngineEvent,
  EngineRun,
  EngineStart,
  ToolCall,
  UserInput,
} from "@agency/core";
import { createEventPipe } from "./event-pipe.ts";

type Stop = Extract<EngineEvent, { type: "turn_end" }>["data"]["stop"];

/** What a turn of the memory engine gets to work with. */
export interface MemoryTurn {
  readonly input: UserInput;
  readonly options: EngineStart;
  /** 1 for the first turn of the session; a resumed one goes on counting. */
  readonly number: number;
  say(event: EngineEvent): void;
  /** Calls a tool once it is allowed; `run` gives its output. False when the call was refused. */
  tool(call: ToolCall, run: () => Promise<string>): Promise<boolean>;
  /** Puts questions to a person; null when nobody answers. */
  ask(questions: Question[]): Promise<string[][] | null>;
  /** Resolves with the next message that was sent to steer this turn. */
  steered(): Promise<UserInput>;
  /** Aborts when the turn is to stop. */
  readonly signal: AbortSignal;
}

/** Plays one turn; its return value is the turn's closing text. Throwing ends the turn with an error. */
export type MemoryPlay = (turn: MemoryTurn) => Promise<string> | string;

export interface MemoryEngineOptions {
  play: MemoryPlay;
  id?: string;
  capabilities?: Partial<EngineCapabilities>;
}

export interface MemoryEngine extends Engine {
  /** Every start so far, newest last. */
  readonly starts: readonly EngineStart[];
}

/** The error a play throws to fail its turn in a certain way. */
export class MemoryFailure extends Error {
  readonly errorClass: ErrorClass;
  constructor(errorClass: ErrorClass, message: string) {
    super(message);
    this.errorClass = errorClass;
  }
}

const VERSION = "1";

/** An engine without a program behind it, for tests of whatever drives engines. Keeps every rule of the port. */
export function createMemoryEngine(options: MemoryEngineOptions): MemoryEngine {
  const starts: EngineStart[] = [];
  /** Turns played, by home and session: the memory that a real engine keeps in files. */
  const sessions = new Map<string, number>();
  return {
    id: options.id ?? "memory",
    title: "Memory",
    capabilities: {
      resume: "native",
      interrupt: "soft",
      midTurnInput: true,
      fileChanges: "none",
      deltas: false,
      pause: "model",
      toolGate: "every-call",
      questions: true,
      vendors: [],
      ...options.capabilities,
    },
    starts,
    probe: async () => ({ version: VERSION, problems: [] }),
    importSession: async (bundle, { home }) => {
      const [file] = bundle.files;
      const turns = file === undefined ? 0 : Number(new TextDecoder().decode(file.bytes));
      sessions.set(`${home} ${bundle.sessionId}`, turns);
    },
    start(first, start) {
      starts.push(start);
      return new MemoryRun({ id: options.id ?? "memory", play: options.play, sessions }, first, start);
    },
  };
}

interface Parts {
  id: string;
  play: MemoryPlay;
  sessions: Map<string, number>;
}

class MemoryRun implements EngineRun {
  readonly #parts: Parts;
  readonly #start: EngineStart;
  readonly #sessionId: string;
  readonly #pipe = createEventPipe<EngineEvent>();
  readonly #waiting: UserInput[];
  readonly #ended: Promise<void>;
  #steers = createEventPipe<UserInput>();
  #turn: { stop: AbortController; done: Promise<void>; inputs: string[] } | undefined;
  #openTools = new Set<string>();
  #wake = Promise.withResolvers<void>();
  #isFinishing = false;
  #isKilled = false;
  #isPaused: PromiseWithResolvers<void> | undefined;
  #isOver = false;

  constructor(parts: Parts, first: UserInput, start: EngineStart) {
    this.#parts = parts;
    this.#start = start;
    this.#sessionId = start.resume?.sessionId ?? start.sessionId ?? randomUUID();
    this.#waiting = [first];
    this.#ended = this.#live();
  }

  [Symbol.asyncIterator](): AsyncIterator<EngineEvent> {
    return this.#pipe[Symbol.asyncIterator]();
  }

  async send(input: UserInput, how: "steer" | "next_turn"): Promise<void> {
    if (this.#isOver || this.#isFinishing || this.#isKilled)
      throw new AgencyError("conflict", `The run takes no more input; ${input.id} was not delivered.`);
    if (how === "steer" && this.#turn !== undefined) {
      this.#turn.inputs.push(input.id);
      this.#steers.push(input);
    } else this.#waiting.push(input);
    this.#wake.resolve();
  }

  async interrupt(): Promise<void> {
    this.#turn?.stop.abort();
    await this.#turn?.done;
  }

  async finish(): Promise<void> {
    this.#isFinishing = true;
    this.#wake.resolve();
  }

  async kill(): Promise<void> {
    this.#isKilled = !this.#isOver;
    this.#turn?.stop.abort();
    this.#wake.resolve();
    await this.#ended;
  }

  pause(): void {
    this.#isPaused ??= Promise.withResolvers();
  }

  unpause(): void {
    this.#isPaused?.resolve();
    this.#isPaused = undefined;
  }

  async exportSession() {
    const turns = this.#parts.sessions.get(this.#sessionKey()) ?? 0;
    const file = { path: `${this.#sessionId}.turns`, bytes: new TextEncoder().encode(String(turns)) };
    return { sessionId: this.#sessionId, engineVersion: VERSION, files: [file] };
  }

  async #live(): Promise<void> {
    // Later, because start() must return before anything happens.
    await Promise.resolve();
    const { resume } = this.#start;
    if (resume !== undefined && !this.#parts.sessions.has(this.#sessionKey()))
      return this.#failToStart("resume_not_found", `There is no session ${resume.sessionId} to resume.`);
    if (!(await this.#hasWorkspace()))
      return this.#failToStart("config", `${this.#start.cwd} is not a folder.`);
    if (this.#isKilled) return this.#end({ outcome: "killed" });
    this.#saySession();
    let last: Stop = "completed";
    let failure: ErrorClass | undefined;
    while (!this.#isKilled) {
      const input = this.#waiting.shift();
      if (input === undefined) {
        if (this.#isFinishing) break;
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
        continue;
      }
      ({ stop: last, failure } = await this.#playTurn(input));
    }
    this.#giveUpWaiting();
    this.#end(endOf(this.#isKilled, last, failure));
  }

  async #playTurn(input: UserInput): Promise<{ stop: Stop; failure?: ErrorClass }> {
    const stop = new AbortController();
    const done = Promise.withResolvers<void>();
    this.#steers = createEventPipe();
    const inputs = [input.id];
    this.#turn = { stop, done: done.promise, inputs };
    const number = (this.#parts.sessions.get(this.#sessionKey()) ?? 0) + 1;
    this.#parts.sessions.set(this.#sessionKey(), number);
    const outcome = await this.#perform({ input, number, signal: stop.signal });
    this.#closeTools();
    if (outcome.failure !== undefined) this.#sayError(outcome.failure, outcome.text);
    const text = outcome.failure === undefined ? outcome.text : "";
    this.#pipe.push({ type: "turn_end", data: { inputIds: inputs, stop: outcome.stop, text } });
    this.#turn = undefined;
    done.resolve();
    return outcome;
  }

  async #perform(turn: Pick<MemoryTurn, "input" | "number" | "signal">): Promise<{
    stop: Stop;
    text: string;
    failure?: ErrorClass;
  }> {
    const steers = this.#steers[Symbol.asyncIterator]();
    const steered = async (): Promise<UserInput> => (await steers.next()).value as UserInput;
    const stopped = new Promise<undefined>((resolve) => {
      turn.signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    try {
      const play = this.#parts.play({
        ...turn,
        options: this.#start,
        steered,
        say: (event) => this.#say(event),
        tool: (call, run) => this.#useTool(call, run, turn.signal),
        ask: (questions) => this.#ask(questions, turn.signal),
      });
      const text = await Promise.race([play, stopped]);
      return text === undefined || turn.signal.aborted
        ? { stop: "interrupted", text: "" }
        : { stop: "completed", text };
    } catch (error) {
      if (turn.signal.aborted) return { stop: "interrupted", text: "" };
      const failure = error instanceof MemoryFailure ? error.errorClass : "unknown";
      return { stop: "error", text: error instanceof Error ? error.message : "unknown", failure };
    }
  }

  async #useTool(call: ToolCall, run: () => Promise<string>, signal: AbortSignal): Promise<boolean> {
    const { id, name, kind, title } = call;
    this.#say({ type: "tool_start", data: { id, name, kind, title, input: null } });
    await this.#isPaused?.promise;
    const decision = (await this.#start.gate?.(call, signal)) ?? { allow: true };
    const output = decision.allow ? await run() : decision.reason;
    // A turn that was stopped meanwhile has said the end of its tools itself.
    if (signal.aborted) return false;
    const status = decision.allow ? "ok" : "denied";
    const outputBytes = Buffer.byteLength(output);
    this.#say({ type: "tool_end", data: { id, status, output, outputBytes, truncated: false } });
    return decision.allow;
  }

  async #ask(questions: Question[], signal: AbortSignal): Promise<string[][] | null> {
    return (await this.#start.ask?.(randomUUID(), questions, signal)) ?? null;
  }

  #say(event: EngineEvent): void {
    if (event.type === "tool_start") this.#openTools.add(event.data.id);
    if (event.type === "tool_end") this.#openTools.delete(event.data.id);
    this.#pipe.push(event);
  }

  #saySession(): void {
    const resumed = this.#start.resume !== undefined;
    const data = {
      engine: this.#parts.id,
      engineVersion: VERSION,
      sessionId: this.#sessionId,
      model: "none",
      resumed,
    };
    this.#pipe.push({ type: "session", data });
  }

  #sayError(errorClass: ErrorClass, message: string): void {
    this.#pipe.push({
      type: "error",
      data: { class: errorClass, severity: "error", message, retryable: false },
    });
  }

  #closeTools(): void {
    for (const id of this.#openTools)
      this.#pipe.push({
        type: "tool_end",
        data: { id, status: "aborted", output: "", outputBytes: 0, truncated: false },
      });
    this.#openTools.clear();
  }

  #giveUpWaiting(): void {
    const inputIds = this.#waiting.splice(0).map((input) => input.id);
    if (inputIds.length > 0)
      this.#pipe.push({ type: "turn_end", data: { inputIds, stop: "interrupted", text: "" } });
  }

  #failToStart(errorClass: ErrorClass, message: string): void {
    this.#sayError(errorClass, message);
    this.#end({ outcome: "failed", errorClass });
  }

  #end(data: EngineEnd["data"]): void {
    this.#isOver = true;
    this.#pipe.push({ type: "end", data });
    this.#pipe.close();
  }

  async #hasWorkspace(): Promise<boolean> {
    return stat(this.#start.cwd).then(
      (found) => found.isDirectory(),
      () => false,
    );
  }

  #sessionKey(): string {
    return `${this.#start.home} ${this.#sessionId}`;
  }
}

function endOf(isKilled: boolean, last: Stop, failure: ErrorClass | undefined): EngineEnd["data"] {
  if (isKilled) return { outcome: "killed" };
  if (failure !== undefined) return { outcome: "failed", errorClass: failure };
  return { outcome: last === "interrupted" ? "interrupted" : "completed" };
}

import type { EventOf } from "@agency/contract";
import type { EngineEnd, EngineEvent, EngineRun, SessionBundle, UserInput } from "@agency/core";
import type { ProgressTracker } from "../clocks/track-progress.ts";
import type { Recorder } from "../journal/recorder.ts";
import type { TurnStop } from "./outcome.ts";

type SayMode = "steer" | "next_turn";

export interface EngineReport {
  readonly end: EngineEnd["data"] | null;
  readonly turnStop: TurnStop | null;
  readonly lastText: string;
  readonly lastError: string;
  /** Files the engine told of by itself. */
  readonly files: ReadonlySet<string>;
}

export interface EngineTurnsOptions {
  run: EngineRun;
  firstId: string;
  recorder: Recorder;
  progress: ProgressTracker;
  onFirstEvent: () => void;
  /** The engine is told what comes next when this has resolved. */
  onTurnEnd: () => Promise<void>;
  /** The engine has no more input: how long it may still work in the background is someone else's clock. */
  onDraining: () => void;
}

/** Drives one run of an engine: passes its events on, hands it what people say, ends it when all is answered. */
export class EngineTurns {
  readonly #options: EngineTurnsOptions;
  readonly #abandoned = Promise.withResolvers<void>();
  /** Inputs the engine has not answered yet. */
  readonly #open: Set<string>;
  readonly #files = new Set<string>();
  #end: EngineEnd["data"] | null = null;
  #turnStop: TurnStop | null = null;
  #lastText = "";
  #lastError = "";
  #stopping = false;
  #finishing = false;

  constructor(options: EngineTurnsOptions) {
    this.#options = options;
    this.#open = new Set([options.firstId]);
  }

  /** Resolves when the engine has ended or was abandoned; never throws. */
  async drive(): Promise<EngineReport> {
    await Promise.race([this.#passEvents(), this.#abandoned.promise]);
    return {
      end: this.#end,
      turnStop: this.#turnStop,
      lastText: this.#lastText,
      lastError: this.#lastError,
      files: this.#files,
    };
  }

  async say(input: UserInput, mode: SayMode): Promise<void> {
    if (this.#finishing || this.#end !== null) return this.#undelivered();
    this.#open.add(input.id);
    try {
      await this.#options.run.send(input, mode);
    } catch (error) {
      this.#open.delete(input.id);
      await this.#undelivered(error instanceof Error ? error.message : undefined);
      if (this.#turnStop !== null && this.#open.size === 0) this.#finish();
    }
  }

  get isBetweenTurns(): boolean {
    return this.#end !== null || (this.#open.size === 0 && this.#turnStop !== null);
  }

  exportSession(): Promise<SessionBundle> {
    return this.#options.run.exportSession();
  }

  /** Stops the turn; the engine then waits for what is said next. */
  interrupt(): void {
    this.#options.run.interrupt().catch(() => undefined);
  }

  /** Stops the program where it stands, or lets it go on. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#options.run.pause();
    else this.#options.run.unpause();
  }

  /** Stops the turn and lets the engine end by itself. */
  stop(): void {
    this.#stopping = true;
    this.#options.run.interrupt().then(
      () => this.#finish(),
      () => this.#finish(),
    );
  }

  /** Resolves when no process of the run is left. */
  async kill(): Promise<void> {
    await this.#options.run.kill().catch(() => undefined);
  }

  abandon(): void {
    this.#abandoned.resolve();
  }

  async #passEvents(): Promise<void> {
    let isFirst = true;
    try {
      for await (const event of this.#options.run) {
        if (isFirst) this.#options.onFirstEvent();
        isFirst = false;
        await this.#take(event);
      }
    } catch (error) {
      await this.#broke(error);
    }
  }

  async #take(event: EngineEvent): Promise<void> {
    const { progress } = this.#options;
    progress.engineEvent(event);
    if (event.type === "engine_usage") return;
    if (event.type === "end") {
      this.#end = event.data;
      return;
    }
    this.#note(event);
    await this.#record(event);
    if (event.type === "turn_end") await this.#turnEnded(event.data);
  }

  /** A full journal pauses the engine: that wait is ours, not its silence. */
  async #record(event: Exclude<EngineEvent, { type: "engine_usage" | "end" }>): Promise<void> {
    const { recorder, progress } = this.#options;
    const recorded = recorder.record(event);
    if (recorder.hasRoom) return recorded;
    const over = progress.open();
    await recorded;
    over();
  }

  #note(event: EngineEvent): void {
    if (event.type === "text" && event.data.parentToolId === undefined) this.#lastText = event.data.text;
    if (event.type === "error" && event.data.severity !== "warning") this.#lastError = event.data.message;
    if (event.type === "file_change") this.#files.add(event.data.path);
  }

  async #turnEnded({ inputIds, stop, text }: EventOf<"turn_end">["data"]): Promise<void> {
    for (const id of inputIds) this.#open.delete(id);
    this.#turnStop = stop;
    if (text !== "") this.#lastText = text;
    await this.#options.onTurnEnd();
    if (this.#open.size > 0) return;
    if (stop !== "interrupted" || this.#stopping) return this.#finish();
    const note = "interrupted: waiting for a message";
    await this.#options.recorder.record({ type: "activity", data: { state: "waiting_user", note } });
  }

  #finish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#options.run.finish().catch(() => undefined);
    this.#options.onDraining();
  }

  async #undelivered(
    text = "A message came after the agent had finished and was not delivered.",
  ): Promise<void> {
    await this.#options.recorder.record({ type: "notice", data: { level: "warn", text } });
  }

  async #broke(error: unknown): Promise<void> {
    const message = `The engine adapter failed: ${error instanceof Error ? error.message : String(error)}`;
    this.#lastError = message;
    this.#end = { outcome: "failed", errorClass: "engine_protocol" };
    await this.kill();
    await this.#options.recorder.record({
      type: "error",
      data: { class: "engine_protocol", severity: "fatal", message, retryable: false },
    });
  }
}

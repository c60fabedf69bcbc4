import type { Clock, EngineRun, SessionBundle } from "@agency/core";
import { AgencyError } from "@agency/contract";
import type { Recorder } from "../journal/recorder.ts";

const EXPORT_MS = 10_000;

export interface EngineMemoryOptions {
  clock: Clock;
  recorder: Recorder;
  /** An engine that cannot take up a session has none to keep. */
  keeps: boolean;
  /** What a restored run began with. */
  first: SessionBundle | null;
}

/** The engine's session as it was when it last stood between two turns. */
export class EngineMemory {
  readonly #options: EngineMemoryOptions;
  #last: SessionBundle | null;
  #hasTold = false;

  constructor(options: EngineMemoryOptions) {
    this.#options = options;
    this.#last = options.first;
  }

  get last(): SessionBundle | null {
    return this.#last;
  }

  /** Never throws: without a newer session the files are kept all the same. */
  async take(run: Pick<EngineRun, "exportSession">): Promise<void> {
    if (!this.#options.keeps) return;
    const { clock } = this.#options;
    const done = new AbortController();
    const late = clock.sleep(EXPORT_MS, done.signal).then(() => {
      throw new Error(`the engine did not hand it over within ${EXPORT_MS / 1000} s`);
    });
    try {
      this.#last = await Promise.race([run.exportSession(), late]);
    } catch (error) {
      await this.#tell(error);
    } finally {
      late.catch(() => undefined);
      done.abort();
    }
  }

  async #tell(error: unknown): Promise<void> {
    // Before its first answer an engine has nothing to keep.
    if (this.#hasTold || (error instanceof AgencyError && error.code === "not_found")) return;
    this.#hasTold = true;
    const why = error instanceof Error ? error.message : String(error);
    const text = `Checkpoints hold the workspace without the agent's newest memory: ${why}`;
    await this.#options.recorder.record({ type: "notice", data: { level: "warn", text } });
  }
}

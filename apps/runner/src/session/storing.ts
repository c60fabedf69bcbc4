import { UPLINK_PATHS } from "@agency/contract";
import type { BlobHeader } from "@agency/contract";
import type { Clock } from "@agency/core";
import { deadline } from "../clocks/deadline.ts";
import type { RunState } from "../clocks/run-state.ts";
import { wallEnd } from "../clocks/waits.ts";
import type { Recorder } from "../journal/recorder.ts";
import { backoffMs } from "../uplink/backoff.ts";
import { sendBlob } from "../uplink/blobs.ts";
import type { BlobResult, BlobWay } from "../uplink/blobs.ts";
import { judgeReply } from "../uplink/judge-reply.ts";

/** As long as the control plane waits for it; then the files are left where the sandbox was. */
const MOST_MS = 24 * 3_600_000;
/** The control plane gives a run that is stopped five seconds, and one past its time limit fifteen. */
const LOOK_MS = 500;

export interface StoringOptions extends BlobWay {
  clock: Clock;
  taskId: string;
  state: RunState;
  recorder: Recorder;
  poke: () => void;
  /** The control plane's time. */
  at: () => string;
  /** The attempt is over. */
  over: AbortSignal;
  onFenced: (why: string) => void;
}

/**
 * What a run has made leaves the sandbox before the sandbox goes: that has no time limit of the run. When it takes
 * longer than the run may, the control plane is told that only storing is left, and waits. It then cuts the run off from
 * the world: nobody knows who says so.
 */
export class Storing {
  readonly #options: StoringOptions;
  readonly #limit: { signal: AbortSignal; clear(): void };
  #told: Promise<void> | null = null;
  #isInTrouble = false;
  #isOnlyLeft = false;
  #watching = false;
  #heldSince = 0;
  #delayedMs = 0;

  constructor(options: StoringOptions) {
    this.#options = options;
    this.#limit = deadline(options.clock, MOST_MS, options.over);
  }

  /** Nobody waits for the files any more. */
  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  /** How long it took so far; other steps are not to pay for it. */
  get delayedMs(): number {
    return this.#delayedMs;
  }

  /** Something is being stored: call what it returns when it is. */
  hold(): () => void {
    const { state, clock, poke } = this.#options;
    if (state.storing === 0) this.#heldSince = clock.now();
    state.storing += 1;
    void this.#watch();
    return () => {
      state.storing -= 1;
      state.stageSince = clock.now();
      if (state.storing === 0) this.#delayedMs += clock.now() - this.#heldSince;
      poke();
    };
  }

  async send(header: BlobHeader, path: string, signal: AbortSignal): Promise<BlobResult> {
    const done = this.hold();
    try {
      const sent = await sendBlob(this.#options, header, path, signal, (why) => this.trouble(why));
      if (sent.kind === "stored") await this.recovered();
      return sent;
    } finally {
      done();
    }
  }

  trouble(why: string): void {
    if (this.signal.aborted || this.#isInTrouble) return;
    this.#isInTrouble = true;
    const { taskId, at } = this.#options;
    void this.#notice(
      "warn",
      `The files of this run cannot be stored since ${at()}: ${why}. Its sandbox is kept and it is tried again. ` +
        `To throw away what is not stored yet: agency stop ${taskId} --discard`,
    );
    this.#tellEarly();
  }

  /** The control plane opens nothing else to the run from then on. */
  get isTold(): boolean {
    return this.#told !== null;
  }

  /** From now on the run needs the world for nothing else. */
  onlyLeft(): void {
    this.#isOnlyLeft = true;
    this.#tellEarly();
  }

  async recovered(): Promise<void> {
    if (!this.#isInTrouble) return;
    this.#isInTrouble = false;
    await this.#notice("info", "The files of this run can be stored again.");
  }

  close(): void {
    this.#limit.clear();
  }

  /** Before the control plane loses its patience. */
  async #watch(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    const { state, clock } = this.#options;
    while (state.storing > 0 && !this.signal.aborted && this.#told === null) {
      await clock.sleep(LOOK_MS, this.signal);
      const isLate = state.cancelled || clock.now() >= wallEnd(state);
      if (state.storing > 0 && isLate) this.#tell();
    }
    this.#watching = false;
  }

  /** People see what is waited for; while something is still to be pushed it has to wait until the time is up. */
  #tellEarly(): void {
    if (this.#isInTrouble && this.#isOnlyLeft) this.#tell();
  }

  #tell(): void {
    this.#told ??= this.#sayStoring();
  }

  async #sayStoring(): Promise<void> {
    const { client, clock, random, onFenced } = this.#options;
    for (let failures = 0; !this.signal.aborted; failures += 1) {
      const verdict = judgeReply(await client.post(UPLINK_PATHS.storing, [Buffer.from("{}")]));
      if (verdict.kind === "ok" || verdict.kind === "refused") return;
      if (verdict.kind === "fenced") return onFenced(verdict.why);
      await clock.sleep(backoffMs(failures, null, random()), this.signal);
    }
  }

  async #notice(level: "info" | "warn", text: string): Promise<void> {
    await this.#options.recorder.record({ type: "notice", data: { level, text } });
  }
}

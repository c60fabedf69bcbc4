import { UPLINK_PATHS } from "@agency/contract";
import type { PostCheckpoint, WorkOrder } from "@agency/contract";
import type { SessionBundle } from "@agency/core";
import type { Recorder } from "../journal/recorder.ts";
import { backoffMs } from "../uplink/backoff.ts";
import { sendBlob } from "../uplink/blobs.ts";
import type { BlobWay } from "../uplink/blobs.ts";
import { judgeReply } from "../uplink/judge-reply.ts";
import { capture } from "./capture.ts";
import type { Captured, Origin } from "./capture.ts";
import { leftOutNotice } from "./notices.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

const SLOW_MS = 30_000;

export interface Wanted {
  readonly label: string | null;
  readonly turn: number;
  readonly session: SessionBundle | null;
}

export interface CheckpointsOptions {
  way: BlobWay;
  order: Pick<WorkOrder, "taskId" | "restore">;
  store: SnapshotStore;
  origin: Origin;
  recorder: Recorder;
  /** The attempt is over. */
  over: AbortSignal;
  onFenced: (why: string) => void;
}

/** How the last one is stored: other clocks than those of the run hold then. */
export interface LastOptions {
  /** Its files must be read by then. */
  late: AbortSignal;
  /** Nobody waits for it any more. */
  givenUp: AbortSignal;
  onTrouble: (why: string) => void;
}

type Posted = Omit<PostCheckpoint, "number" | "label" | "turn">;

interface Stored {
  readonly signature: string;
  readonly posted: Posted;
  readonly bytes: number;
}

/** Of what is there now: something that is not stored yet, or nothing of the kind, or it could not be read. */
type Found = Captured | "unchanged" | "failed";

/**
 * Stores workspace and session together, one at a time; of several wanted meanwhile only the newest is taken, and
 * every one that people gave a name to.
 */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #said = new Set<string>();
  #number: number;
  #last: Stored | null = null;
  #queue: Wanted[] = [];
  #busy: Promise<void> | null = null;
  #isClosed = false;
  /** The last one holds all that an earlier one would. */
  readonly #superseded = new AbortController();

  constructor(options: CheckpointsOptions) {
    const { restore, taskId } = options.order;
    this.#options = options;
    this.#number = restore?.taskId === taskId ? restore.number : 0;
  }

  want(wanted: Wanted): void {
    if (this.#isClosed) return;
    this.#queue = [...this.#queue.filter(({ label }) => label !== null), wanted];
    this.#busy ??= this.#takeWanted().finally(() => (this.#busy = null));
  }

  /**
   * The last one, of what is there now. Resolves when the files were read, so that they may change again, to a
   * promise of the end of sending.
   */
  async takeLast(wanted: Wanted, last: LastOptions): Promise<{ readonly sent: Promise<void> }> {
    this.#isClosed = true;
    this.#superseded.abort();
    const { over } = this.#options;
    const signal = AbortSignal.any([last.late, over]);
    await Promise.race([this.#busy, aborted(signal)]);
    const startedAt = this.#options.way.clock.now();
    const named = this.#queue.flatMap(({ label }) => (label === null ? [] : [{ ...wanted, label }]));
    const first = named[0] ?? wanted;
    const found = await this.#capture(first, signal);
    const givenUp = AbortSignal.any([last.givenUp, over]);
    const send = async (): Promise<void> => {
      if (!(await this.#keep(first, found, startedAt, givenUp, last.onTrouble))) return;
      for (const other of named.slice(1)) await this.#keep(other, "unchanged", startedAt, givenUp);
    };
    return { sent: send() };
  }

  async #takeWanted(): Promise<void> {
    const { way } = this.#options;
    const over = AbortSignal.any([this.#options.over, this.#superseded.signal]);
    for (let wanted = this.#queue[0]; wanted !== undefined && !over.aborted; wanted = this.#queue[0]) {
      const startedAt = way.clock.now();
      const isKept = await this.#keep(wanted, await this.#capture(wanted, over), startedAt, over);
      // What was broken off stays: the last one takes its name.
      if (isKept || !over.aborted) this.#queue = this.#queue.filter((other) => other !== wanted);
    }
  }

  async #capture({ session, turn, label }: Wanted, signal: AbortSignal): Promise<Found> {
    const { store, origin } = this.#options;
    const known = this.#last?.signature ?? null;
    // With a name even the start is something to go back to.
    const evenStart = label !== null;
    const message = `Checkpoint after turn ${turn}`;
    try {
      return (await capture({ store, origin, session, message, known, evenStart, signal })) ?? "unchanged";
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) await this.#sayOnce("failed", `A checkpoint could not be made: ${why}`);
      return "failed";
    }
  }

  /** False: what was found is not stored, so that nothing else can be said of it. */
  async #keep(
    wanted: Wanted,
    found: Found,
    startedAt: number,
    signal: AbortSignal,
    onTrouble?: (why: string) => void,
  ): Promise<boolean> {
    if (found === "failed") return false;
    if (found !== "unchanged") return this.#store(wanted, found, startedAt, signal, onTrouble);
    if (wanted.label === null || this.#last === null) return true;
    return this.#post(wanted, this.#last, startedAt, signal);
  }

  async #store(
    wanted: Wanted,
    captured: Captured,
    startedAt: number,
    signal: AbortSignal,
    onTrouble?: (why: string) => void,
  ): Promise<boolean> {
    const { way, origin } = this.#options;
    await this.#sayWhatIsMissing(captured);
    const { commit, head, branch, session, signature, packed } = captured;
    const { bytes, sha256, file } = packed;
    const mediaType = "application/x-tar";
    const header = { kind: "checkpoint", name: "checkpoint.tar", bytes, sha256, mediaType } as const;
    const done = this.#sayWhenSlow();
    const sent = await sendBlob(way, header, file, signal, onTrouble);
    done.abort();
    if (sent.kind === "fenced") {
      this.#options.onFenced(sent.why);
      return false;
    }
    if (sent.kind !== "stored") {
      const why = `A checkpoint could not be stored: ${sent.why}.`;
      const isOver =
        this.#options.over.aborted || (this.#superseded.signal.aborted && onTrouble === undefined);
      if (!isOver) await this.#sayOnce("not stored", why);
      return false;
    }
    const about = { sessionId: session?.sessionId ?? null, engineVersion: session?.engineVersion ?? null };
    const posted = { blob: sent.id, base: origin.base, head, branch, commit, ...about };
    return this.#post(wanted, { signature, posted, bytes }, startedAt, signal);
  }

  /** Told again until it is acknowledged: only then can it be gone back to. */
  async #post(
    { label, turn }: Wanted,
    stored: Stored,
    startedAt: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { way } = this.#options;
    const number = this.#number + 1;
    const body: PostCheckpoint = { ...stored.posted, number, label, turn };
    const bytes = [Buffer.from(JSON.stringify(body))];
    for (let failures = 0; !signal.aborted; failures += 1) {
      const verdict = judgeReply(await way.client.post(UPLINK_PATHS.checkpoints, bytes));
      if (verdict.kind === "ok") {
        this.#number = number;
        this.#last = stored;
        await this.#sayKept(body, stored.bytes, startedAt);
        return true;
      }
      if (verdict.kind === "refused") {
        await this.#sayOnce("refused", `A checkpoint was refused by the control plane (${verdict.status}).`);
        return false;
      }
      if (verdict.kind !== "retry") {
        this.#options.onFenced("the control plane says that the attempt is over");
        return false;
      }
      await way.clock.sleep(backoffMs(failures, verdict.afterMs, way.random()), signal);
    }
    // It may have been taken although no answer came: its number is used.
    this.#number = number;
    return false;
  }

  async #sayKept(
    { blob: id, number, label }: PostCheckpoint,
    bytes: number,
    startedAt: number,
  ): Promise<void> {
    const { way, recorder } = this.#options;
    const durationMs = Math.max(0, Math.round(way.clock.now() - startedAt));
    const named = label === null ? {} : { label };
    await recorder.record({ type: "checkpoint", data: { id, number, bytes, durationMs, ...named } });
  }

  async #sayWhatIsMissing({ isAlone, leftOut }: Captured): Promise<void> {
    if (isAlone) {
      const text =
        "The workspace's git repository cannot be read any more: checkpoints hold its files, but not the commits made in it.";
      await this.#sayOnce("alone", text);
    }
    const text = leftOutNotice(leftOut);
    if (text !== null) await this.#sayOnce(text, text);
  }

  /** Whoever waits for the run to end should know what it waits for. */
  #sayWhenSlow(): AbortController {
    const done = new AbortController();
    const text = "A checkpoint is not stored yet: it is tried again as long as the run may take.";
    void this.#options.way.clock
      .sleep(SLOW_MS, done.signal)
      .then(() => (done.signal.aborted ? undefined : this.#sayOnce("slow", text)));
    return done;
  }

  async #sayOnce(key: string, text: string): Promise<void> {
    if (this.#said.has(key)) return;
    this.#said.add(key);
    await this.#options.recorder.record({ type: "notice", data: { level: "warn", text } });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

import { eventAckSchema, UPLINK_PATHS } from "@agency/contract";
import type { Clock } from "@agency/core";
import type { Journal } from "../journal/journal.ts";
import type { LineBlock } from "../journal/pending-lines.ts";
import { backoffMs } from "./backoff.ts";
import type { UplinkClient } from "./client.ts";
import { judgeReply } from "./judge-reply.ts";

const MAX_LINES = 500;
const MAX_BYTES = 512 * 1024;
/** The first event goes at once; a flood is gathered this long from batch to batch. */
const GATHER_MS = 15;

export interface SenderOptions {
  client: UplinkClient;
  journal: Journal;
  clock: Clock;
  random: () => number;
  signal: AbortSignal;
  onAck: () => void;
  onFenced: (why: string) => void;
}

/** Sends the journal in order, one batch in flight, until fenced or told to stop. */
export class EventSender {
  readonly #options: SenderOptions;
  #next = 1;
  #sent = 0;
  #most = MAX_LINES;
  #failures = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { journal, clock, signal } = this.#options;
    let lastSentAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      await journal.readable(() => this.#next, signal);
      await clock.sleep(lastSentAt + GATHER_MS - clock.now(), signal);
      if (signal.aborted) return;
      lastSentAt = clock.now();
      await this.#sendBatch(await journal.read(this.#next, { lines: this.#most, bytes: MAX_BYTES }));
    }
  }

  /** The control plane holds only up to `have`. False: what follows is gone from the journal. */
  rewind(have: number): boolean {
    this.#next = have + 1;
    return this.#options.journal.rewind(have);
  }

  async #sendBatch(block: LineBlock): Promise<void> {
    const from = this.#next;
    this.#sent = Math.max(this.#sent, from + block.count - 1);
    const verdict = judgeReply(await this.#options.client.post(UPLINK_PATHS.events, toBatch(from, block)));
    switch (verdict.kind) {
      case "ok":
        return this.#acknowledged(verdict.body);
      case "retry":
        return this.#pause(verdict.afterMs);
      case "refused":
        return this.#isolate(block, from, verdict.status);
      case "behind":
        return this.#fallBack(verdict.have);
      case "fenced":
        return this.#options.onFenced(verdict.why);
    }
  }

  async #acknowledged(body: unknown): Promise<void> {
    const parsed = eventAckSchema.safeParse(body);
    // It may lie beyond this batch when the answer to a larger one was lost, never beyond what was sent.
    if (!parsed.success) return this.#pause(null);
    const ack = Math.min(parsed.data.ack, this.#sent);
    if (ack < this.#next) return this.#fallBack(ack);
    this.#failures = 0;
    this.#most = Math.min(this.#most * 2, MAX_LINES);
    this.#next = ack + 1;
    this.#options.onAck();
    await this.#options.journal.ack(ack);
  }

  async #fallBack(have: number): Promise<void> {
    if (!this.rewind(have))
      this.#options.onFenced(`the control plane lost what it had acknowledged after ${have}`);
    await this.#pause(null);
  }

  /** Halves the batch until the one event that is refused stands alone, then sends a marker in its place. */
  async #isolate(block: LineBlock, from: number, status: number): Promise<void> {
    if (block.count > 1) {
      this.#most = Math.ceil(block.count / 2);
      return;
    }
    const marker = markerFor(block, status);
    const verdict = judgeReply(await this.#options.client.post(UPLINK_PATHS.events, toBatch(from, marker)));
    if (verdict.kind === "ok") return this.#acknowledged(verdict.body);
    if (verdict.kind === "fenced") return this.#options.onFenced(verdict.why);
    return this.#pause(verdict.kind === "retry" ? verdict.afterMs : null);
  }

  async #pause(askedMs: number | null): Promise<void> {
    const { clock, random, signal } = this.#options;
    await clock.sleep(backoffMs(this.#failures, askedMs, random()), signal);
    this.#failures += 1;
  }
}

const COMMA = 0x2c;
const NEWLINE = 0x0a;

/** JSON never holds a raw newline, so lines become an array by writing commas over their ends, in place. */
function toBatch(from: number, block: LineBlock): Buffer[] {
  const lines = block.bytes.subarray(0, -1);
  for (let at = lines.indexOf(NEWLINE); at >= 0; at = lines.indexOf(NEWLINE, at + 1)) lines[at] = COMMA;
  return [Buffer.from(`{"from":${from},"events":[`), lines, Buffer.from("]}")];
}

function markerFor(block: LineBlock, status: number): LineBlock {
  const event: { at: string; type: string } = JSON.parse(block.bytes.toString());
  const text = `An event of type ${event.type} (${block.bytes.length} bytes) was refused with ${status} and left out.`;
  const line = JSON.stringify({ at: event.at, type: "notice", data: { level: "warn", text } });
  return { bytes: Buffer.from(`${line}\n`), count: 1 };
}

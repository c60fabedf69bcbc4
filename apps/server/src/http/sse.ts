import type { Writable } from "node:stream";
import type { TaskEvent } from "@agency/contract";
import type { FollowItem } from "@agency/control";
import type { Clock, Logger } from "@agency/core";

export const SSE_HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/** One timer looks after every stream: a timer each would cost 1,000 clients their memory budget. */
const TICK_MS = 5_000;
const HEARTBEAT_MS = 15_000;
/** A client that takes nothing for this long is closed; it comes back and resumes by its last number. */
const STALL_MS = 30_000;
/** All that ever waits for one client, however large the frame it is part of. */
const CHUNK_CHARS = 64 * 1024;

/** What a task did, or frames that are written out already. */
export type StreamItem = FollowItem | string;

export interface EventStreams {
  /** Feeds `out`, whose head has been sent, until the log ends or the client goes. Never rejects. */
  serve(out: Writable, follow: (signal: AbortSignal) => AsyncGenerator<StreamItem>): Promise<void>;
}

interface Stream {
  readonly out: Writable;
  readonly over: AbortController;
  /** Since when the client has not taken what was written; null while it keeps up. */
  stalledAt: number | null;
  writtenAt: number;
  /** Lets the writer go on: the client took everything, or went away. */
  wake: () => void;
}

export function createEventStreams(deps: {
  clock: Clock;
  logger: Logger;
  stopping: AbortSignal;
}): EventStreams {
  const { clock, logger, stopping } = deps;
  const open = new Set<Stream>();
  let ticking = false;
  const tick = async () => {
    if (ticking) return;
    ticking = true;
    while (open.size > 0 && !stopping.aborted) {
      await clock.sleep(TICK_MS, stopping);
      for (const stream of open) lookAfter(stream, clock.now());
    }
    ticking = false;
  };
  stopping.addEventListener("abort", () => open.forEach(leave), { once: true });
  return {
    async serve(out, follow) {
      const stream = watch(out, clock.now());
      if (stopping.aborted) leave(stream);
      open.add(stream);
      void tick();
      try {
        await feed(stream, follow(stream.over.signal), clock);
      } catch (error) {
        // The client sees the connection end without `end`, comes back, and resumes.
        logger.warn({ err: error }, "an event stream broke off");
      } finally {
        open.delete(stream);
        stream.over.abort();
        out.end();
      }
    },
  };
}

function watch(out: Writable, now: number): Stream {
  const stream: Stream = {
    out,
    over: new AbortController(),
    stalledAt: null,
    writtenAt: now,
    wake: () => undefined,
  };
  out.on("drain", () => {
    stream.stalledAt = null;
    stream.wake();
  });
  // A connection that breaks also says so with an error, which nobody needs to hear twice.
  out.on("error", () => undefined);
  out.on("close", () => leave(stream));
  return stream;
}

function leave(stream: Stream): void {
  stream.over.abort();
  stream.wake();
}

async function feed(stream: Stream, items: AsyncGenerator<StreamItem>, clock: Clock): Promise<void> {
  write(stream, "retry: 1000\n\n", clock.now());
  for await (const item of items) {
    for (const chunk of chunksOf(item)) {
      for (const piece of piecesOf(chunk)) {
        if (stream.over.signal.aborted) return;
        write(stream, piece, clock.now());
        if (stream.out.writableNeedDrain) await drained(stream);
      }
    }
  }
}

function write(stream: Stream, text: string, now: number): void {
  if (!stream.out.write(text)) stream.stalledAt ??= now;
  stream.writtenAt = now;
}

function drained(stream: Stream): Promise<void> {
  return new Promise((resolve) => {
    stream.wake = resolve;
    // It may have gone before anybody listened.
    if (stream.over.signal.aborted || !stream.out.writableNeedDrain) resolve();
  });
}

function lookAfter(stream: Stream, now: number): void {
  if (stream.stalledAt !== null && now - stream.stalledAt >= STALL_MS) stream.out.destroy();
  else if (stream.stalledAt === null && now - stream.writtenAt >= HEARTBEAT_MS)
    write(stream, ": heartbeat\n\n", now);
}

function* chunksOf(item: StreamItem): Generator<string> {
  if (typeof item === "string") return yield item;
  if (item.kind === "end") return yield "event: end\ndata: {}\n\n";
  if (item.kind === "reset") return yield `event: reset\ndata: {"firstSeq":${item.firstSeq}}\n\n`;
  let chunk = "";
  for (const event of item.events) {
    chunk += frameOf(event);
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}

/** Never between the two halves of a character: each piece is encoded by itself. */
function* piecesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    const last = text.charCodeAt(from + CHUNK_CHARS - 1);
    const to = from + CHUNK_CHARS + (last >= 0xd8_00 && last <= 0xdb_ff ? 1 : 0);
    yield text.slice(from, to);
    from = to;
  }
}

/** Everybody who watches a task is handed the same event objects, so each is written out once for all. */
const frames = new WeakMap<TaskEvent, string>();

/** Only an event has an id: a control frame that carried one would make a client skip events. */
function frameOf(event: TaskEvent): string {
  const known = frames.get(event);
  if (known !== undefined) return known;
  const frame = `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
  frames.set(event, frame);
  return frame;
}

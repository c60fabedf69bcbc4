import { Agent, request } from "node:http";
import type { ClientRequest, ClientRequestArgs, IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Clock } from "@agency/core";
import type { Door } from "./door.ts";

const ANSWER_MS = 15_000;
/** No byte taken, or no answer after the last one: the control plane stores and verifies before it answers. */
const STALLED_MS = 60_000;

/** What came back. `unreachable`: nothing did, so nothing is known about what happened to the request. */
export type Reply =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: unknown;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: "unreachable"; readonly why: string };

export interface Attempt {
  readonly taskId: string;
  readonly epoch: number;
  readonly token: string;
}

export interface UplinkClient {
  /** From now on every request carries the attempt's token. */
  authorise(attempt: Attempt): void;
  /** Never throws. */
  post(path: string, body: readonly Buffer[]): Promise<Reply>;
  /** Sends a body as long as it says; ends early when the control plane has answered before all of it was sent. */
  put(path: string, headers: Record<string, string>, body: Readable, signal: AbortSignal): Promise<Reply>;
  /** A long answer to read as it comes; an answer other than 200 is read whole. */
  open(
    path: string,
    signal: AbortSignal,
  ): Promise<Reply | { readonly kind: "stream"; readonly stream: IncomingMessage }>;
  close(): void;
}

class DoorAgent extends Agent {
  readonly #door: Door;

  constructor(door: Door) {
    super({ keepAlive: true });
    this.#door = door;
  }

  override createConnection(
    _options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    void this.#connect(callback as (error: unknown, stream?: Duplex) => void);
    return undefined;
  }

  async #connect(done: (error: unknown, stream?: Duplex) => void): Promise<void> {
    const connected = await this.#door.connect().catch((error: unknown) => ({ error }));
    if ("error" in connected) done(connected.error);
    else done(null, connected);
  }
}

export function createUplinkClient(door: Door, clock: Clock): UplinkClient {
  const agent = new DoorAgent(door);
  let attemptHeaders: Record<string, string> = {};

  function begin(method: string, path: string, headers: Record<string, string> = {}): ClientRequest {
    return request({ agent, host: "uplink", method, path, headers: { ...attemptHeaders, ...headers } });
  }

  async function exchange(path: string, body: readonly Buffer[]): Promise<Reply> {
    const length = String(body.reduce((sum, part) => sum + part.length, 0));
    const outgoing = begin("POST", path, { "content-type": "application/json", "content-length": length });
    const answered = new AbortController();
    void clock.sleep(ANSWER_MS, answered.signal).then(() => {
      if (answered.signal.aborted) return;
      door.distrust();
      outgoing.destroy(new Error(`No answer from the control plane within ${ANSWER_MS / 1000} s.`));
    });
    try {
      for (const part of body) outgoing.write(part);
      outgoing.end();
      return await readAnswer(await responseOf(outgoing));
    } catch (error) {
      // A kept connection that the control plane closed meanwhile. Every request may be repeated.
      if (outgoing.reusedSocket && isReset(error)) return await exchange(path, body);
      return { kind: "unreachable", why: messageOf(error) };
    } finally {
      answered.abort();
    }
  }

  return {
    authorise({ taskId, epoch, token }) {
      attemptHeaders = {
        authorization: `Bearer ${token}`,
        "x-agency-task": taskId,
        "x-agency-epoch": String(epoch),
      };
    },
    post: exchange,
    put: (path, headers, body, signal) =>
      putBody(begin("PUT", path, headers), body, { clock, signal, onStalled: () => door.distrust() }),
    async open(path, signal) {
      const outgoing = begin("GET", path);
      const stop = (): void => void outgoing.destroy(new Error("The runner stopped listening."));
      signal.addEventListener("abort", stop, { once: true });
      try {
        outgoing.end();
        const stream = await responseOf(outgoing);
        return stream.statusCode === 200 ? { kind: "stream", stream } : await readAnswer(stream);
      } catch (error) {
        return { kind: "unreachable", why: messageOf(error) };
      }
    },
    close: () => agent.destroy(),
  };
}

interface PutOptions {
  clock: Clock;
  signal: AbortSignal;
  onStalled: () => void;
}

async function putBody(
  outgoing: ClientRequest,
  body: Readable,
  { clock, signal, onStalled }: PutOptions,
): Promise<Reply> {
  const stop = (): void => void outgoing.destroy(new Error("The runner stopped sending."));
  const answered = responseOf(outgoing);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const quiet = watchQuiet(clock, () => {
    onStalled();
    outgoing.destroy(new Error(`Nothing was taken or answered for ${STALLED_MS / 1000} s.`));
  });
  body.on("data", quiet.heard).on("error", (error) => outgoing.destroy(error));
  try {
    body.pipe(outgoing);
    return await readAnswer(await answered);
  } catch (error) {
    return { kind: "unreachable", why: messageOf(error) };
  } finally {
    quiet.over();
    signal.removeEventListener("abort", stop);
    body.destroy();
    // Answered before it was all sent: the rest must not go out as the start of another request.
    if (!outgoing.writableFinished) outgoing.destroy();
  }
}

/** Calls `onQuiet` once when nothing was heard for too long. */
function watchQuiet(clock: Clock, onQuiet: () => void): { heard(): void; over(): void } {
  const over = new AbortController();
  let last = clock.now();
  async function watch(): Promise<void> {
    while (!over.signal.aborted) {
      const left = last + STALLED_MS - clock.now();
      if (left <= 0) return onQuiet();
      await clock.sleep(left, over.signal);
    }
  }
  void watch();
  return { heard: () => void (last = clock.now()), over: () => over.abort() };
}

function responseOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("response", resolve);
    // Stays for good: an error after the answer must not be an uncaught one.
    outgoing.on("error", reject);
  });
}

async function readAnswer(response: IncomingMessage): Promise<Reply> {
  const bytes = await buffer(response);
  const seconds = Number(response.headers["retry-after"]);
  const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
  return {
    kind: "answer",
    status: response.statusCode ?? 0,
    body: parseJson(bytes.toString()),
    retryAfterMs,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isReset(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

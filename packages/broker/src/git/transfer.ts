import type { IncomingMessage } from "node:http";
import type { AttemptCaller, Fence } from "@agency/core";
import { streamOf } from "./byte-stream.ts";
import type { Bytes } from "./byte-stream.ts";

export interface RefUpdate {
  readonly ref: string;
  readonly old: string;
  readonly new: string;
  /** As the host's own report says; null: it has not said, and may have done either. */
  readonly ok: boolean | null;
}

/** An event of the log is cut when it is larger than what these come to. */
export const MAX_UPDATES = 16;

/** One transfer as people are told of it. `bytesIn` came into the sandbox, `bytesOut` left it. */
export interface GitTransfer {
  readonly host: string;
  readonly repository: string;
  readonly action: "fetch" | "push" | "lfs";
  readonly refs?: readonly string[];
  /** What became of each ref of a push that reached the host; not there when that is not known of all of them. */
  readonly updates?: readonly RefUpdate[];
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly verdict: "allowed" | "denied" | "failed";
  readonly reason?: string;
}

export type ReportTransfer = (caller: AttemptCaller, transfer: GitTransfer) => void;

/** One request from its first byte to its last: it ends with exactly one answer, and is reported when that is over. */
export interface Transfer {
  readonly caller: AttemptCaller;
  /** Aborts when the client has gone or the attempt is over. */
  readonly signal: AbortSignal;
  /** What is pushed, once it is known; `updates` tells, at the end, what became of it. */
  names(refs: readonly string[], updates: () => readonly RefUpdate[] | undefined): void;
  counted(body: Bytes): Bytes;
  /** `look` sees each chunk on its way. */
  stream(
    source: IncomingMessage,
    status: number,
    headers: Headers,
    look?: (chunk: Uint8Array) => void,
  ): Response;
  answer(body: string | Uint8Array<ArrayBuffer> | null, headers: Record<string, string>): Response;
  deny(reason: string, response: Response): Response;
  fail(reason: string, response: Response): Response;
}

export interface TransferStart {
  readonly fence: Fence;
  readonly report: ReportTransfer;
  readonly caller: AttemptCaller;
  readonly client: AbortSignal;
  readonly subject: Pick<GitTransfer, "host" | "repository" | "action">;
  /** The question before a transfer: worth a report only when it is not answered. */
  readonly isQuestion: boolean;
  /** Called once, when nothing of it is open any more. */
  readonly over: () => void;
}

export function startTransfer(start: TransferStart): Transfer {
  const { fence, report, caller, client, subject } = start;
  const watched = fence.watch(caller);
  const signal = AbortSignal.any([client, watched.signal]);
  let bytesIn = 0;
  let bytesOut = 0;
  let pushed: Pushed | undefined;
  let isOver = false;

  function over(verdict: GitTransfer["verdict"], reason?: string): void {
    if (isOver) return;
    isOver = true;
    watched.release();
    start.over();
    if (start.isQuestion && verdict === "allowed") return;
    const named = pushed === undefined ? {} : told(pushed, verdict);
    const why = reason === undefined ? {} : { reason };
    report(caller, { ...subject, ...named, bytesIn, bytesOut, verdict, ...why });
  }

  const whyCut = (): string =>
    watched.signal.aborted
      ? "The attempt is over: the transfer was cut."
      : `${client.aborted ? "The agent" : subject.host} broke it off.`;

  return {
    caller,
    signal,
    names: (refs, updates) => (pushed = { refs, updates }),
    async *counted(body) {
      for await (const chunk of body) {
        bytesOut += chunk.byteLength;
        yield chunk;
      }
    },
    stream(source, status, headers, look) {
      source.once("close", () => (source.complete ? over("allowed") : over("failed", whyCut())));
      return new Response(
        streamOf(source, (chunk) => {
          bytesIn += chunk.byteLength;
          look?.(chunk);
        }),
        { status, headers },
      );
    },
    answer(body, headers) {
      bytesIn += body === null ? 0 : Buffer.byteLength(body);
      over("allowed");
      return new Response(body, { headers });
    },
    deny(reason, response) {
      over("denied", reason);
      return response;
    },
    fail(reason, response) {
      over("failed", signal.aborted ? whyCut() : reason);
      return response;
    },
  };
}

interface Pushed {
  readonly refs: readonly string[];
  readonly updates: () => readonly RefUpdate[] | undefined;
}

function told(pushed: Pushed, verdict: GitTransfer["verdict"]): Pick<GitTransfer, "refs" | "updates"> {
  const { refs } = pushed;
  const updates = verdict === "denied" ? undefined : pushed.updates();
  return updates === undefined ? { refs } : { refs, updates };
}

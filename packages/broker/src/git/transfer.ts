import type { IncomingMessage } from "node:http";
import type { AttemptCaller, Fence } from "@agency/core";
import { streamOf } from "./byte-stream.ts";
import type { Bytes } from "./byte-stream.ts";

/** One transfer as people are told of it. `bytesIn` came into the sandbox, `bytesOut` left it. */
export interface GitTransfer {
  readonly host: string;
  readonly repository: string;
  readonly action: "fetch" | "push" | "lfs";
  readonly refs?: readonly string[];
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
  /** What is pushed, once it is known. */
  names(refs: readonly string[]): void;
  counted(body: Bytes): Bytes;
  stream(source: IncomingMessage, status: number, headers: Headers): Response;
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
  let refs: readonly string[] | undefined;
  let isOver = false;

  function over(verdict: GitTransfer["verdict"], reason?: string): void {
    if (isOver) return;
    isOver = true;
    watched.release();
    start.over();
    if (start.isQuestion && verdict === "allowed") return;
    const named = refs === undefined ? {} : { refs };
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
    names: (named) => (refs = named),
    async *counted(body) {
      for await (const chunk of body) {
        bytesOut += chunk.byteLength;
        yield chunk;
      }
    },
    stream(source, status, headers) {
      source.once("close", () => (source.complete ? over("allowed") : over("failed", whyCut())));
      return new Response(
        streamOf(source, (count) => (bytesIn += count)),
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

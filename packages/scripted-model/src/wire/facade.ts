import type { Frame } from "../play/paced-stream.ts";
import type { Reply } from "../scripts/reply.ts";
import type { Pace } from "../scripts/script.ts";
import type { Asked } from "./asked.ts";
import type { ToolCall } from "./tool-calls.ts";

/** A reply with its calls in the words of the engine's tools. */
export interface Message {
  model: string;
  reply: Reply;
  calls: readonly ({ id: string } & ToolCall)[];
  showThinking: boolean;
}

export interface FailureOptions {
  retryAfterS?: number | undefined;
  /** The credential is used up until then, in seconds since 1970. */
  limitedUntil?: number | undefined;
  /** Tells clients that asking again is no use. */
  isFinal?: boolean | undefined;
}

/** One way of asking a model for a response: a path, and how both sides write. */
export interface Facade {
  readonly path: string;
  /** Returns a sentence for what the real API would refuse. */
  read(body: unknown, headers: Headers): Asked | string;
  /** The same content whole or as a stream of events. */
  toJson(message: Message): Record<string, unknown>;
  toFrames(message: Message, pace: Pace | undefined, asked: Asked): Frame[];
  /** What a stream looks like that is broken, and one that reports an error. */
  readonly broken: string;
  readonly overloaded: string;
}

/** How a vendor says that something went wrong. */
export type Fail = (status: number, message: string, options?: FailureOptions) => Response;

import type { Latches } from "../play/latches.ts";
import { streamFrames } from "../play/paced-stream.ts";
import type { Outcome, Player, Sleep } from "../play/player.ts";
import type { Recorder } from "../play/recorder.ts";
import type { Reply } from "../scripts/reply.ts";
import type { RecordedRequest } from "../scripts/request.ts";
import { readBody } from "./read-body.ts";
import { credentialIn, describe, newRecord } from "./record.ts";
import { readMessagesRequest } from "./read-request.ts";
import type { MessagesRequest } from "./read-request.ts";
import { errorBody, failure, json, stream } from "./responses.ts";
import { answerLookUp, answerTokenCount, sideReply, summaryText, titleText } from "./side-answers.ts";
import { toToolCall } from "./tool-calls.ts";
import type { OfferedTool } from "./tool-calls.ts";
import { toEvent, toMessageFrames, toMessageJson } from "./write-message.ts";
import type { Message } from "./write-message.ts";

const BROKEN_EVENT =
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"ty\n\n';

interface Parts {
  player: Player;
  recorder: Recorder;
  gates: Latches;
  sleep: Sleep;
  /** When set, any other key is refused with 401. */
  apiKey: string | undefined;
  keepBodies: boolean;
  maxBodyBytes: number;
}

/** The Anthropic Messages API, as far as agent engines use it. */
export function createMessagesApi(parts: Parts): (request: Request) => Promise<Response> {
  return async (request) => {
    const record = newRecord(request);
    parts.recorder.add(record);
    const response = await answer(parts, request, record).catch((error: unknown) => {
      if (request.signal.aborted) throw error;
      return broken(parts, error);
    });
    record.status = response.status;
    return response;
  };
}

/** A fault of this program, not of a script: it must be seen as one, not as a model that cannot be reached. */
function broken(parts: Parts, error: unknown): Response {
  const message = `The scripted model broke: ${error instanceof Error ? error.message : String(error)}`;
  parts.recorder.problem(message);
  return failure(500, message, { isFinal: true });
}

async function answer(parts: Parts, request: Request, record: RecordedRequest): Promise<Response> {
  const lookUp = answerLookUp(record.method, record.path);
  if (lookUp !== undefined) {
    record.side = record.path.startsWith("/v1/models") ? "models" : "reachable";
    return lookUp;
  }
  const isCount = record.path === "/v1/messages/count_tokens";
  if (record.method !== "POST" || (record.path !== "/v1/messages" && !isCount)) {
    parts.recorder.problem(`Unexpected request: ${record.method} ${record.path}`);
    return failure(404, `Not found: ${record.method} ${record.path}`);
  }
  if (parts.apiKey !== undefined && credentialIn(request).key !== parts.apiKey)
    return failure(401, "invalid x-api-key");
  const body = await readBody(request, parts.maxBodyBytes);
  if ("status" in body) return failure(body.status, body.message);
  record.wireBytes = body.wireBytes;
  record.bytes = body.bytes;
  if (parts.keepBodies) record.body = body.text;
  if (isCount) {
    record.side = "count-tokens";
    return answerTokenCount(body.bytes);
  }
  return answerMessages(parts, request, record, body.text);
}

async function answerMessages(
  parts: Parts,
  request: Request,
  record: RecordedRequest,
  body: string,
): Promise<Response> {
  const asked = readMessagesRequest(parseJson(body), request.headers);
  if (typeof asked === "string") {
    parts.recorder.problem(`Malformed request: ${asked}`);
    return failure(400, asked);
  }
  describe(record, asked);
  if (asked.side !== null) {
    const reply = sideReply(sideText(parts.player, asked));
    const message = { model: asked.model, reply, calls: [], showThinking: false };
    return write(parts, asked, message, { pace: undefined, halfway: undefined }, request.signal);
  }
  const outcome = await parts.player.play(asked, record, request.signal);
  if (outcome.kind === "failure") {
    const { status, message, retryAfterS, isOurProblem } = outcome;
    return failure(status, message, { retryAfterS, isFinal: isOurProblem });
  }
  const calls = toCalls(outcome.reply, asked.tools, asked.cwd);
  if (typeof calls === "string") {
    parts.recorder.problem(calls);
    return failure(500, calls, { isFinal: true });
  }
  const message = { model: asked.model, reply: outcome.reply, calls, showThinking: asked.wantsThinking };
  return write(parts, asked, message, outcome, request.signal);
}

function sideText(player: Player, asked: MessagesRequest): string {
  return asked.side === "compact" ? summaryText(player.noteToKeep(asked)) : titleText(asked.wantsJson);
}

function toCalls(reply: Reply, tools: readonly OfferedTool[], cwd: string): Message["calls"] | string {
  const calls: Message["calls"][number][] = [];
  for (const { id, action } of reply.calls) {
    const call = toToolCall(action, tools, cwd);
    if (call === undefined) {
      const offered = tools.map((tool) => tool.name).join(", ");
      return `The script wants to ${action.kind}, but the engine offers no tool for it. It offers: ${offered}.`;
    }
    calls.push({ id, ...call });
  }
  return calls;
}

function write(
  parts: Parts,
  asked: MessagesRequest,
  message: Message,
  { pace, halfway }: Pick<Extract<Outcome, { kind: "reply" }>, "pace" | "halfway">,
  signal: AbortSignal,
): Response {
  const clock = { sleep: parts.sleep, gates: parts.gates, signal };
  const failing = errorBody(529, "Overloaded");
  if (asked.stream) {
    const frames = toMessageFrames(message, pace);
    const error = toEvent("error", failing);
    return stream(
      streamFrames({ frames, halfway, broken: BROKEN_EVENT, error }, clock),
      "text/event-stream; charset=utf-8",
    );
  }
  if (halfway === undefined) return json(toMessageJson(message));
  const whole = JSON.stringify(toMessageJson(message));
  const middle = Math.ceil(whole.length / 2);
  const frames = [whole.slice(0, middle), whole.slice(middle)].map((data) => ({ data, waitMs: 0 }));
  return stream(streamFrames({ frames, halfway, broken: "", error: "" }, clock), "application/json");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import type { Latches } from "../play/latches.ts";
import { streamFrames } from "../play/paced-stream.ts";
import type { Outcome, Player, Sleep } from "../play/player.ts";
import type { Recorder } from "../play/recorder.ts";
import type { Reply } from "../scripts/reply.ts";
import type { RecordedRequest } from "../scripts/request.ts";
import { messagesFacade } from "../anthropic/messages-facade.ts";
import { failure as anthropicFailure } from "../anthropic/responses.ts";
import {
  answerLookUp,
  answerTokenCount,
  sideReply,
  summaryText,
  titleText,
} from "../anthropic/side-answers.ts";
import { chatFacade } from "../openai/chat-facade.ts";
import { failure as openaiFailure } from "../openai/failure.ts";
import { responsesFacade } from "../openai/responses-facade.ts";
import type { Asked } from "./asked.ts";
import type { Facade, Fail, Message } from "./facade.ts";
import { readBody } from "./read-body.ts";
import { credentialIn, describe, newRecord } from "./record.ts";
import { json, stream } from "./responses.ts";
import { toToolCall } from "./tool-calls.ts";
import type { OfferedTool } from "./tool-calls.ts";

const FACADES: readonly Facade[] = [messagesFacade, responsesFacade, chatFacade];
const OPENAI_PATHS = new Set([responsesFacade.path, chatFacade.path]);

interface Parts {
  player: Player;
  recorder: Recorder;
  gates: Latches;
  sleep: Sleep;
  /** When set, other keys are refused with 401. */
  apiKeys: readonly string[] | undefined;
  keepBodies: boolean;
  maxBodyBytes: number;
}

/** The APIs of the vendors, as far as agent engines use them: one conversation, each told in its own words. */
export function createModelApi(parts: Parts): (request: Request) => Promise<Response> {
  return async (request) => {
    const record = newRecord(request);
    parts.recorder.add(record);
    const response = await answer(parts, request, record).catch((error: unknown) => {
      if (request.signal.aborted) throw error;
      return broken(parts, failOf(record), error);
    });
    record.status = response.status;
    return response;
  };
}

/** A fault of this program, not of a script: it must be seen as one, not as a model that cannot be reached. */
function broken(parts: Parts, fail: Fail, error: unknown): Response {
  const message = `The scripted model broke: ${error instanceof Error ? error.message : String(error)}`;
  parts.recorder.problem(message);
  return fail(500, message, { isFinal: true });
}

function failOf({ path }: RecordedRequest): Fail {
  return OPENAI_PATHS.has(path) ? openaiFailure : anthropicFailure;
}

async function answer(parts: Parts, request: Request, record: RecordedRequest): Promise<Response> {
  const lookUp = answerLookUp(record.method, record.path);
  if (lookUp !== undefined) {
    record.side = record.path.startsWith("/v1/models") ? "models" : "reachable";
    return lookUp;
  }
  const fail = failOf(record);
  const isCount = record.path === "/v1/messages/count_tokens";
  const facade = FACADES.find((one) => one.path === record.path);
  if (record.method !== "POST" || (facade === undefined && !isCount)) {
    parts.recorder.problem(`Unexpected request: ${record.method} ${record.path}`);
    return fail(404, `Not found: ${record.method} ${record.path}`);
  }
  if (parts.apiKeys !== undefined && !parts.apiKeys.includes(credentialIn(request).key ?? ""))
    return fail(401, "invalid x-api-key");
  const body = await readBody(request, parts.maxBodyBytes);
  if ("status" in body) return fail(body.status, body.message);
  record.wireBytes = body.wireBytes;
  record.bytes = body.bytes;
  if (parts.keepBodies) record.body = body.text;
  if (facade === undefined) {
    record.side = "count-tokens";
    return answerTokenCount(body.bytes);
  }
  return converse(parts, facade, request, record, body.text);
}

async function converse(
  parts: Parts,
  facade: Facade,
  request: Request,
  record: RecordedRequest,
  body: string,
): Promise<Response> {
  const fail = failOf(record);
  const read = facade.read(parseJson(body), request.headers);
  if (typeof read === "string") {
    parts.recorder.problem(`Malformed request: ${read}`);
    return fail(400, read);
  }
  const asked = { ...read, key: credentialIn(request).key };
  describe(record, asked);
  if (asked.side !== null) {
    const reply = sideReply(sideText(parts.player, asked));
    const message = { model: asked.model, reply, calls: [], showThinking: false };
    return write(parts, facade, asked, message, { pace: undefined, halfway: undefined }, request.signal);
  }
  const outcome = await parts.player.play(asked, record, request.signal);
  if (outcome.kind === "failure") {
    const { status, message, retryAfterS, limitedUntil, isOurProblem } = outcome;
    return fail(status, message, { retryAfterS, limitedUntil, isFinal: isOurProblem });
  }
  const calls = toCalls(outcome.reply, asked.tools, asked.cwd);
  if (typeof calls === "string") {
    parts.recorder.problem(calls);
    return fail(500, calls, { isFinal: true });
  }
  const message = { model: asked.model, reply: outcome.reply, calls, showThinking: asked.wantsThinking };
  return write(parts, facade, asked, message, outcome, request.signal);
}

function sideText(player: Player, asked: Asked): string {
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
  facade: Facade,
  asked: Asked,
  message: Message,
  { pace, halfway }: Pick<Extract<Outcome, { kind: "reply" }>, "pace" | "halfway">,
  signal: AbortSignal,
): Response {
  const clock = { sleep: parts.sleep, gates: parts.gates, signal };
  if (asked.stream) {
    const frames = facade.toFrames(message, pace, asked);
    const { broken: brokenEvent, overloaded: error } = facade;
    return stream(
      streamFrames({ frames, halfway, broken: brokenEvent, error }, clock),
      "text/event-stream; charset=utf-8",
    );
  }
  if (halfway === undefined) return json(facade.toJson(message));
  const whole = JSON.stringify(facade.toJson(message));
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

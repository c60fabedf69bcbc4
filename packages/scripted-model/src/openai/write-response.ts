import type { Frame } from "../play/paced-stream.ts";
import type { Pace } from "../scripts/script.ts";
import type { Message } from "../wire/facade.ts";
import { stringOr } from "../wire/json.ts";
import { cutIntoPieces } from "../wire/pieces.ts";
import { wireId } from "./conversation.ts";
import { inputDetails, inputOf } from "./write-usage.ts";

type Json = Record<string, unknown>;

export function toResponseJson(message: Message): Json {
  const output = itemsOf(message).map((item) => item.done);
  const { usage, stop } = message.reply;
  const tokens = {
    input_tokens: inputOf(usage),
    input_tokens_details: inputDetails(usage),
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputOf(usage) + usage.output,
  };
  const reason = CUT_SHORT[stop];
  const status = reason === undefined ? "completed" : "incomplete";
  const incomplete = reason === undefined ? null : { reason };
  return { ...envelope(message, status), incomplete_details: incomplete, output, usage: tokens };
}

const CUT_SHORT: Partial<Record<string, string>> = {
  max_tokens: "max_output_tokens",
  refusal: "content_filter",
};

export function toResponseFrames(message: Message, pace: Pace | undefined): Frame[] {
  const begun = { ...envelope(message, "in_progress"), output: [], usage: null };
  const whole = toResponseJson(message);
  const events: Event[] = [
    { type: "response.created", response: begun, waitMs: pace?.firstMs ?? 0 },
    { type: "response.in_progress", response: begun },
    ...itemsOf(message).flatMap((item, index) => itemEvents(item, index, pace)),
    { type: `response.${String(whole["status"])}`, response: whole },
  ];
  return events.map(({ waitMs = 0, ...event }, sequence) => ({
    data: `event: ${event.type}\ndata: ${JSON.stringify({ ...event, sequence_number: sequence })}\n\n`,
    waitMs,
  }));
}

interface Event extends Json {
  type: string;
  waitMs?: number;
}

interface Item {
  id: string;
  done: Json;
  /** The item before anything of its content is there. */
  added: Json;
  /** What comes in pieces, and under which names. */
  text: string;
  delta: string;
  finished: Json & { type: string };
  /** A part that the pieces are put in. */
  part?: { name: string; index: string; empty: Json; full: Json };
}

function itemsOf({ reply, calls, showThinking }: Message): Item[] {
  return [
    ...(showThinking && reply.thinking !== "" ? [thinkingItem(reply.id, reply.thinking)] : []),
    ...(reply.text === "" ? [] : [textItem(reply.id, reply.text)]),
    ...calls.map((call) => callItem(call)),
  ];
}

function thinkingItem(replyId: string, text: string): Item {
  const id = `rs_${replyId}`;
  const full = { type: "summary_text", text };
  return {
    id,
    added: { id, type: "reasoning", summary: [] },
    done: { id, type: "reasoning", summary: [full] },
    text,
    delta: "response.reasoning_summary_text.delta",
    finished: { type: "response.reasoning_summary_text.done", text },
    part: { name: "reasoning_summary_part", index: "summary_index", empty: { ...full, text: "" }, full },
  };
}

function textItem(replyId: string, text: string): Item {
  const id = `msg_${replyId}`;
  const full = { type: "output_text", text, annotations: [] };
  const item = { id, type: "message", role: "assistant" };
  return {
    id,
    added: { ...item, status: "in_progress", content: [] },
    done: { ...item, status: "completed", content: [full] },
    text,
    delta: "response.output_text.delta",
    finished: { type: "response.output_text.done", text },
    part: { name: "content_part", index: "content_index", empty: { ...full, text: "" }, full },
  };
}

function callItem({ id: callId, name, input, isFreeform }: Message["calls"][number]): Item {
  const field = isFreeform === true ? "input" : "arguments";
  const kind = isFreeform === true ? "custom_tool_call" : "function_call";
  const text = isFreeform === true ? stringOr(input["input"], "") : JSON.stringify(input);
  const id = `${isFreeform === true ? "ctc" : "fc"}_${callId}`;
  const item = { id, type: kind, call_id: wireId(callId), name };
  return {
    id,
    added: { ...item, status: "in_progress", [field]: "" },
    done: { ...item, status: "completed", [field]: text },
    text,
    delta: `response.${kind}_${field}.delta`,
    finished: { type: `response.${kind}_${field}.done`, [field]: text },
  };
}

function itemEvents(item: Item, index: number, pace: Pace | undefined): Event[] {
  const { id, part } = item;
  const rhythm = part === undefined ? pace?.toolInput : pace?.text;
  const at = { item_id: id, output_index: index, ...(part === undefined ? {} : { [part.index]: 0 }) };
  const deltas = cutIntoPieces(item.text, rhythm).map((piece): Event => ({
    type: item.delta,
    ...at,
    delta: piece,
    waitMs: rhythm?.everyMs ?? 0,
  }));
  const partEvent = (what: "added" | "done", content: Json): Event[] =>
    part === undefined ? [] : [{ type: `response.${part.name}.${what}`, ...at, part: content }];
  return [
    { type: "response.output_item.added", output_index: index, item: item.added },
    ...partEvent("added", part?.empty ?? {}),
    ...deltas,
    { ...at, ...item.finished },
    ...partEvent("done", part?.full ?? {}),
    { type: "response.output_item.done", output_index: index, item: item.done },
  ];
}

const CREATED_AT = 1_760_000_000;

function envelope({ model, reply }: Message, status: string): Json {
  const id = `resp_${reply.id}`;
  return {
    id,
    object: "response",
    created_at: CREATED_AT,
    status,
    model,
    error: null,
    service_tier: "default",
  };
}

import type { Frame } from "../play/paced-stream.ts";
import type { Reply } from "../scripts/reply.ts";
import type { Message } from "../wire/facade.ts";
import type { Pace, Usage } from "../scripts/script.ts";
import { cutIntoPieces } from "../wire/pieces.ts";
import type { ToolCall } from "../wire/tool-calls.ts";

const SIGNATURE = Buffer.from(
  "A scripted model signs its thinking, so that it comes back unchanged.",
).toString("base64");

export function toMessageJson({ model, reply, calls, showThinking }: Message): Record<string, unknown> {
  return {
    ...envelope(model, reply),
    content: [
      ...(hasThinking(reply, showThinking)
        ? [{ type: "thinking", thinking: reply.thinking, signature: SIGNATURE }]
        : []),
      ...(reply.text === "" ? [] : [{ type: "text", text: reply.text }]),
      ...calls.map(({ id, name, input }) => ({ type: "tool_use", id: callId(id), name, input })),
    ],
    stop_reason: reply.stop,
    usage: toUsage(reply.usage, reply.usage.output),
  };
}

export function toMessageFrames(message: Message, pace: Pace | undefined): Frame[] {
  const { model, reply, calls, showThinking } = message;
  const start = { ...envelope(model, reply), content: [], stop_reason: null, usage: toUsage(reply.usage, 1) };
  const blocks: Block[] = [
    ...(hasThinking(reply, showThinking) ? [thinkingBlock(reply.thinking, pace)] : []),
    ...(reply.text === "" ? [] : [textBlock(reply.text, pace)]),
    ...calls.map((call) => toolBlock(call, pace)),
  ];
  return [
    frame("message_start", { message: start }, pace?.firstMs),
    frame("ping", {}),
    ...blocks.flatMap((block, index) => blockFrames(block, index)),
    frame("message_delta", {
      delta: { stop_reason: reply.stop, stop_sequence: null },
      usage: toUsage(reply.usage, reply.usage.output),
    }),
    frame("message_stop", {}),
  ];
}

export function toEvent(type: string, fields: Record<string, unknown>): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

function frame(type: string, fields: Record<string, unknown>, waitMs = 0): Frame {
  return { data: toEvent(type, fields), waitMs };
}

interface Block {
  start: Record<string, unknown>;
  deltas: readonly { delta: Record<string, unknown>; waitMs: number }[];
}

function blockFrames({ start, deltas }: Block, index: number): Frame[] {
  return [
    frame("content_block_start", { index, content_block: start }),
    ...deltas.map(({ delta, waitMs }) => frame("content_block_delta", { index, delta }, waitMs)),
    frame("content_block_stop", { index }),
  ];
}

function thinkingBlock(thinking: string, pace: Pace | undefined): Block {
  const deltas = cutIntoPieces(thinking, pace?.text).map((piece) => ({
    delta: { type: "thinking_delta", thinking: piece },
    waitMs: pace?.text.everyMs ?? 0,
  }));
  const signed = { delta: { type: "signature_delta", signature: SIGNATURE }, waitMs: 0 };
  return { start: { type: "thinking", thinking: "", signature: "" }, deltas: [...deltas, signed] };
}

function textBlock(text: string, pace: Pace | undefined): Block {
  const deltas = cutIntoPieces(text, pace?.text).map((piece) => ({
    delta: { type: "text_delta", text: piece },
    waitMs: pace?.text.everyMs ?? 0,
  }));
  return { start: { type: "text", text: "" }, deltas };
}

/** The real API begins with an empty piece; a reader that parses piece by piece must live with it. */
function toolBlock({ id, name, input }: { id: string } & ToolCall, pace: Pace | undefined): Block {
  const deltas = ["", ...cutIntoPieces(JSON.stringify(input), pace?.toolInput)].map((piece) => ({
    delta: { type: "input_json_delta", partial_json: piece },
    waitMs: piece === "" ? 0 : (pace?.toolInput.everyMs ?? 0),
  }));
  return { start: { type: "tool_use", id: callId(id), name, input: {} }, deltas };
}

function envelope(model: string, reply: Reply): Record<string, unknown> {
  return { id: `msg_${reply.id}`, type: "message", role: "assistant", model, stop_sequence: null };
}

function hasThinking(reply: Reply, showThinking: boolean): boolean {
  return showThinking && reply.thinking !== "";
}

function callId(id: string): string {
  return `toolu_${id}`;
}

function toUsage(usage: Usage, output: number): Record<string, unknown> {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    service_tier: "standard",
  };
}

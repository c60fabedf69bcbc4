import { isRecord, parseJson } from "../call-meter.ts";
import type { CallMeter } from "../call-meter.ts";
import { createSseData } from "../sse-data.ts";
import { emptyMessageUsage, readMessage, readUsage, usageShares } from "./message-usage.ts";
import type { MessageUsage } from "./message-usage.ts";

export interface MessageMeter extends CallMeter {
  readonly seen: MessageUsage;
}

/** Counts what a message uses; of a streamed one from its bytes as they pass. */
export function createMessageMeter(): MessageMeter {
  const lines = createSseData();
  const seen = emptyMessageUsage();
  let complete = false;

  return {
    seen,
    get complete() {
      return complete;
    },
    push(chunk) {
      for (const line of lines.push(chunk)) if (readEvent(seen, parseJson(line))) complete = true;
    },
    read(answer) {
      readMessage(seen, answer);
      complete = seen.id !== null;
    },
    shares: (names, whole) => usageShares(seen, names, whole),
  };
}

/** True for the event after which no count changes. */
function readEvent(seen: MessageUsage, event: unknown): boolean {
  if (!isRecord(event)) return false;
  switch (event["type"]) {
    case "message_start":
      readMessage(seen, event["message"]);
      return false;
    case "content_block_start":
      seen.streamedChars += charsIn(event["content_block"]);
      return false;
    case "content_block_delta":
      seen.streamedChars += charsIn(event["delta"]);
      return false;
    case "message_delta":
      readUsage(seen, event["usage"]);
      // The reason to stop comes with the final counts; message_stop only follows it.
      return (
        isRecord(event["delta"]) && typeof event["delta"]["stop_reason"] === "string" && seen.usage.output > 0
      );
    case "message_stop":
      return true;
    default:
      return false;
  }
}

/** Text, thinking, tool input, signatures: whatever the model wrote, under whatever name. */
function charsIn(block: unknown): number {
  if (!isRecord(block)) return 0;
  let chars = 0;
  for (const [name, value] of Object.entries(block)) {
    if (typeof value === "string" && name !== "type" && name !== "id") chars += value.length;
  }
  return chars;
}

import { createRedactor } from "@agency/core";
import type { Redactor } from "@agency/core";
import type { SseFilter } from "./sse-filter.ts";

/** Hides secrets in a stream, wherever it is cut. Only what may be the beginning of one is kept back. */
export function createSecretFilter(secrets: readonly string[]): SseFilter {
  const text = redactorOf(secrets).stream();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  // Bytes of a character whose end has not come yet.
  let unread = 0;
  return {
    push(chunk) {
      const before = unread;
      const read = decoder.decode(chunk, { stream: true });
      unread += chunk.length - Buffer.byteLength(read);
      const shown = text.push(read);
      // Nearly always: 100 streams would hold half as much again, were each piece written anew.
      return shown === read && before === 0 && unread === 0 ? chunk : encoder.encode(shown);
    },
    end: () => encoder.encode(text.push(decoder.decode()) + text.end()),
  };
}

/** Making one takes 0.2 ms and some memory; the streams of one credential share theirs. */
const MOST_KNOWN = 32;
const known = new Map<string, Redactor>();

function redactorOf(secrets: readonly string[]): Redactor {
  const key = secrets.join("\n");
  const redactor =
    known.get(key) ?? createRedactor(secrets.map((value) => ({ name: "credential", value }))).redactor;
  known.delete(key);
  known.set(key, redactor);
  const [oldest] = known.keys();
  if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
  return redactor;
}

/** What the first lets through goes through the second. */
export function inTurn(first: SseFilter | undefined, second: SseFilter): SseFilter {
  if (first === undefined) return second;
  return {
    push: (chunk) => second.push(first.push(chunk)),
    end: () => Buffer.concat([second.push(first.end()), second.end()]),
  };
}

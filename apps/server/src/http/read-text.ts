import { AgencyError } from "@agency/contract";
import type { Context, Env } from "hono";

/** The body of a request as text, and never more of it in memory than it may have. */
export async function readText<E extends Env>(c: Context<E>, maxBytes: number): Promise<string> {
  const length = c.req.header("content-length");
  if (length !== undefined && Number(length) > maxBytes) throw tooLarge(maxBytes);
  try {
    // Node holds a body to the length it declares; only one without a length must be counted.
    return length === undefined ? await readCounted(c.req.raw.body, maxBytes) : await c.req.text();
  } catch (cause) {
    if (cause instanceof AgencyError) throw cause;
    throw new AgencyError("invalid_request", "The body broke off.", { cause });
  }
}

async function readCounted(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function tooLarge(maxBytes: number): AgencyError {
  return new AgencyError("payload_too_large", `The body is over ${maxBytes} bytes.`);
}

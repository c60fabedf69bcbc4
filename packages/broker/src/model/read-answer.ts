import { createRedactor } from "@agency/core";

/** A whole answer of at most `limit` bytes; null when it is larger, undefined when it was cut. */
export async function readAnswer(
  response: Pick<Response, "body">,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | null | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (response.body === null) return new Uint8Array();
  try {
    for await (const chunk of response.body) {
      length += chunk.length;
      if (length > limit) return null;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** The same bytes, unless one of the secrets is in them. */
export function withoutSecrets(
  bytes: Uint8Array<ArrayBuffer>,
  secrets: readonly string[],
): Uint8Array<ArrayBuffer> {
  const { redactor } = createRedactor(secrets.map((value) => ({ name: "credential", value })));
  const text = new TextDecoder().decode(bytes);
  const redacted = redactor.redactText(text);
  return redacted === text ? bytes : new TextEncoder().encode(redacted);
}

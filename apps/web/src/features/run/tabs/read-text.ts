export interface TextContent {
  text: string;
  /** It goes on: only the beginning was read. */
  cut: boolean;
  binary: boolean;
}

/** The beginning of some content, as text. */
export async function readText(body: AsyncIterable<Uint8Array>, mostBytes: number): Promise<TextContent> {
  const parts: Uint8Array[] = [];
  let seen = 0;
  for await (const bytes of body) {
    parts.push(bytes);
    seen += bytes.length;
    if (seen > mostBytes) break;
  }
  const whole = new Uint8Array(Math.min(seen, mostBytes));
  let at = 0;
  for (const part of parts) {
    whole.set(part.subarray(0, whole.length - at), at);
    at += part.length;
    if (at >= whole.length) break;
  }
  const binary = whole.subarray(0, 8000).includes(0);
  return { text: binary ? "" : new TextDecoder().decode(whole), cut: seen > mostBytes, binary };
}

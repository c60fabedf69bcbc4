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
  const binary = isBinary(whole.subarray(0, 8000));
  // The end of a line on some systems; alone, a return would overwrite what is before it, and is shown.
  const text = binary ? "" : new TextDecoder().decode(whole).replaceAll("\r\n", "\n");
  return { text, cut: seen > mostBytes, binary };
}

/** What programs print on purpose: backspace, tab, newline, form feed, return and escape. */
const PRINTED: ReadonlySet<number> = new Set([8, 9, 10, 12, 13, 27]);

function isBinary(beginning: Uint8Array): boolean {
  if (beginning.includes(0)) return true;
  const controls = beginning.reduce((sum, byte) => sum + (byte < 32 && !PRINTED.has(byte) ? 1 : 0), 0);
  return controls > beginning.length / 10;
}

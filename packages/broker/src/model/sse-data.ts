/** Longer lines hold no usage: they are whole documents that the vendor fetched. */
const MAX_LINE_CHARS = 1024 * 1024;

export interface SseData {
  /** Gives the payload of every `data:` line that these bytes complete. */
  push(chunk: Uint8Array): string[];
}

/** Reads the data lines of an event stream whose bytes come in any pieces. Keeps one unfinished line at most. */
export function createSseData(): SseData {
  const decoder = new TextDecoder();
  let partial = "";
  // Inside a line that is too long: everything up to its end is dropped.
  let skipping = false;

  return {
    push(chunk) {
      const text = decoder.decode(chunk, { stream: true });
      if (!text.includes("\n")) {
        keep(text);
        return [];
      }
      const lines = (partial + text).split("\n");
      partial = "";
      const complete = skipping ? lines.slice(1, -1) : lines.slice(0, -1);
      skipping = false;
      keep(lines.at(-1) ?? "");
      return complete.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim());
    },
  };

  function keep(text: string): void {
    if (skipping) return;
    partial += text;
    if (partial.length <= MAX_LINE_CHARS) return;
    partial = "";
    skipping = true;
  }
}

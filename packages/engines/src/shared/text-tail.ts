/** Keeps the last bytes of what a program writes, to quote them when it fails. */
export interface TextTail {
  add(chunk: Uint8Array): void;
  text(): string;
}

export function createTextTail(maxBytes: number): TextTail {
  let kept = Buffer.alloc(0);
  return {
    add(chunk) {
      const joined = Buffer.concat([kept, chunk]);
      kept = joined.length <= maxBytes ? joined : Buffer.from(joined.subarray(joined.length - maxBytes));
    },
    text: () =>
      kept
        .toString("utf8")
        .replace(/^\uFFFD+/u, "")
        .trim(),
  };
}

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSseFilter } from "./sse-filter.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function filtered(pieces: readonly Uint8Array[]): string {
  const filter = createSseFilter((event) => event.includes("drop"));
  const out = pieces.map((piece) => filter.push(piece));
  return Buffer.concat([...out, filter.end()]).toString();
}

describe("createSseFilter", () => {
  it("leaves out unwanted events, whatever pieces the bytes come in", () => {
    const text = "data: a 😀\n\ndata: drop\n\nevent: x\r\ndata: drop\r\n\r\ndata: b\r\n\r\n: end";
    const bytes = encode(text);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length })), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((end, i) => bytes.slice(at[i], end));
        expect(filtered(pieces)).toBe("data: a 😀\n\ndata: b\r\n\r\n: end");
      }),
    );
  });

  it("lets every finished event through at once", () => {
    const filter = createSseFilter(() => false);
    expect(Buffer.from(filter.push(encode("data: a\n\ndata: b"))).toString()).toBe("data: a\n\n");
  });

  it("holds no endless event", () => {
    const filter = createSseFilter(() => true);
    expect(filter.push(new Uint8Array(1024 * 1024 + 1)).length).toBe(1024 * 1024 + 1);
  });
});

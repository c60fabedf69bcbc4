import type { EngineEvent } from "@agency/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createOutputReader } from "./read-output.ts";

const ignore = (): EngineEvent[] => [];
const bytes = (text: string) => Buffer.from(text);

function readAll(
  chunks: readonly Uint8Array[],
  onRefused: (why: string) => EngineEvent[] = ignore,
): EngineEvent[] {
  const reader = createOutputReader("stdout", { refused: onRefused, ask: () => undefined });
  return [...chunks.flatMap((chunk) => reader.read(chunk)), ...reader.end()];
}

/** Puts log events together again, as a reader of the log would. */
function joined(events: readonly EngineEvent[]): string {
  return events
    .map((event) =>
      event.type === "log" ? event.data.text + (event.data.truncated === true ? "" : "\n") : "",
    )
    .join("");
}

describe("reading what a program writes", () => {
  it("gives the same lines however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", maxLength: 30 })),
        fc.array(fc.nat(200)),
        (lines, cuts) => {
          const text = lines.map((line) => `${line.replaceAll("\n", " ")}\n`).join("");
          const all = bytes(text);
          const at = [
            0,
            ...cuts.map((cut) => Math.min(cut, all.length)).toSorted((a, b) => a - b),
            all.length,
          ];
          const chunks = at.slice(1).map((end, index) => all.subarray(at[index], end));
          expect(joined(readAll(chunks))).toBe(text);
        },
      ),
    );
  });

  it("joins lines that come together, up to 16 KB", () => {
    expect(readAll([bytes("one\ntwo\nthree\n")])).toEqual([
      { type: "log", data: { stream: "stdout", text: "one\ntwo\nthree" } },
    ]);
    const many = readAll([bytes(`${"x".repeat(99)}\n`.repeat(400))]);
    expect(many.map((event) => (event.type === "log" ? event.data.text.length : 0))).toEqual([
      16_299, 16_299, 7399,
    ]);
  });

  it("gives a last line without a newline when the output ends", () => {
    expect(joined(readAll([bytes("one\ntwo")]))).toBe("one\ntwo\n");
    expect(readAll([])).toEqual([]);
  });

  it("cuts a line of more than 64 KB between characters, and says that it goes on", () => {
    const line = `a${"é".repeat(100_000)}`;
    const events = readAll([bytes(`${line}\nnext\n`)]);
    expect(events.map((event) => event.type === "log" && event.data.truncated === true)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(joined(events)).toBe(`${line}\nnext\n`);
  });

  it("takes bytes that are no text", () => {
    const noise = Buffer.from([0, 1, 0xff, 0xfe, 10, 0x80, 0x80, 10, 0xed, 0xa0, 0x80]);
    expect(joined(readAll([noise]))).toBe("\0\u0001\uFFFD\uFFFD\n\uFFFD\uFFFD\n\uFFFD\uFFFD\uFFFD\n");
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (chunks) => {
        expect(readAll(chunks).every(({ type }) => type === "log")).toBe(true);
      }),
    );
  });

  it("takes a typed line of up to 256 KB whole, and keeps a longer one as log", () => {
    const typed = (size: number) =>
      `::agency::{"type":"notice","data":{"level":"info","text":"${"x".repeat(size)}"}}\n`;
    const whole = readAll([bytes(typed(200_000))]);
    expect(whole.map(({ type }) => type)).toEqual(["notice"]);
    const refusals: string[] = [];
    const cut = readAll([bytes(typed(300_000))], (why) => {
      refusals.push(why);
      return [];
    });
    expect(cut.every(({ type }) => type === "log")).toBe(true);
    expect(joined(cut)).toBe(typed(300_000));
    expect(refusals).toEqual([expect.stringContaining("longer than 256 KB")]);
  });

  it("takes a typed line only at the beginning of a line", () => {
    const events = readAll([bytes('say ::agency::{"type":"notice","data":{"level":"info","text":"x"}}\n')]);
    expect(events.map(({ type }) => type)).toEqual(["log"]);
  });
});

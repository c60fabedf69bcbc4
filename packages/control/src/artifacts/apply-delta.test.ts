import { describe, expect, it } from "vitest";
import { applyDelta } from "./apply-delta.ts";

const base = Buffer.from("0123456789");
const delta = (from: number, to: number, ...steps: number[]) => Buffer.from([from, to, ...steps]);
const text = (words: string) => [words.length, ...Buffer.from(words)];
const most = () => ({ bytes: 1_000_000, steps: 100_000 });

describe("a change of another object", () => {
  it.each<[string, Buffer, string]>([
    ["bytes of its own", delta(10, 3, ...text("abc")), "abc"],
    ["a piece of the other", delta(10, 4, 0x91, 2, 4), "2345"],
    ["from the start, when no place is told", delta(10, 4, 0x90, 4), "0123"],
    ["both, one after another", delta(10, 7, 0x91, 8, 2, ...text("abc"), 0x90, 2), "89abc01"],
    ["nothing", delta(10, 0), ""],
  ])("is %s", (_what, change, made) => expect(applyDelta(base, change, most()).toString()).toBe(made));

  it("copies 64 KiB when no size is told", () => {
    const large = Buffer.alloc(0x10001, "x");
    const change = Buffer.from([0x81, 0x80, 0x04, 0x80, 0x80, 0x04, 0x80]);
    expect(applyDelta(large, change, most()).length).toBe(0x10000);
  });

  it.each<[string, Buffer]>([
    ["is of something else", delta(9, 3, ...text("abc"))],
    ["makes more than it says", delta(10, 2, ...text("abc"))],
    ["makes less than it says", delta(10, 4, ...text("abc"))],
    ["copies from outside", delta(10, 4, 0x91, 8, 4)],
    ["copies from far outside", Buffer.from([10, 4, 0x9f, 0xff, 0xff, 0xff, 0xff, 4])],
    ["holds the step that git keeps for later", delta(10, 3, 0, ...text("abc"))],
    ["ends within its own bytes", delta(10, 9, 9, 65)],
    ["ends within a place", delta(10, 4, 0x9f, 1)],
    ["ends within its sizes", Buffer.from([10])],
    ["is nothing at all", Buffer.alloc(0)],
    ["has a size without an end", Buffer.alloc(20, 0xff)],
  ])("is refused when it %s", (_what, change) =>
    expect(() => applyDelta(base, change, most())).toThrow(
      expect.objectContaining({ name: "BadObjectError" }),
    ),
  );

  it.each<[string, Buffer]>([
    ["makes more than is unpacked here", Buffer.from([10, 0xc1, 0x84, 0x3d, ...text("abc")])],
    ["has a million steps", Buffer.concat([Buffer.from([10, 0xc0, 0x84, 0x3d]), Buffer.alloc(2_000_000, 1)])],
  ])("is too large when it %s", (_what, change) =>
    expect(() => applyDelta(base, change, most())).toThrow(
      expect.objectContaining({ name: "TooLargeError" }),
    ),
  );

  it("takes what it makes and its steps from what is left for all of them", () => {
    const left = { bytes: 10, steps: 5 };
    const change = delta(10, 4, ...text("abc"), 0x90, 1);
    applyDelta(base, change, left);
    expect(left).toEqual({ bytes: 6, steps: 3 });
    applyDelta(base, change, left);
    expect(() => applyDelta(base, change, left)).toThrow(expect.objectContaining({ name: "TooLargeError" }));
  });
});

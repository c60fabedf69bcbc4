import { describe, expect, it } from "vitest";
import { createManualClock } from "../testing/manual-clock.ts";
import { createDeltaBatch } from "./delta-batch.ts";

function setUp() {
  const clock = createManualClock();
  const said: { messageId: string; text: string }[] = [];
  const batch = createDeltaBatch(clock, ({ data }) => void said.push(data));
  const add = (messageId: string, text: string) =>
    batch.add({ type: "text_delta", data: { messageId, text } });
  return { clock, said, batch, add };
}

describe("the delta batch", () => {
  it("says the words of a tenth of a second at once", async () => {
    const { clock, said, add } = setUp();
    add("m1", "one ");
    await clock.advance(60);
    add("m1", "two ");
    expect(said).toEqual([]);
    await clock.advance(40);
    expect(said).toEqual([{ messageId: "m1", text: "one two " }]);
    add("m1", "three");
    await clock.advance(99);
    expect(said).toHaveLength(1);
    await clock.advance(1);
    expect(said).toHaveLength(2);
  });

  it("says 16 KB at once, and never more than that in one event", () => {
    const { said, add } = setUp();
    add("m1", "é".repeat(20_000));
    expect(said.map(({ text }) => Buffer.byteLength(text))).toEqual([16_384, 16_384, 7232]);
    expect(said.map(({ text }) => text).join("")).toBe("é".repeat(20_000));
  });

  it("keeps messages apart", async () => {
    const { clock, said, add } = setUp();
    add("m1", "one");
    add("m2", "two");
    await clock.advance(100);
    expect(said).toEqual([
      { messageId: "m1", text: "one" },
      { messageId: "m2", text: "two" },
    ]);
  });

  it("says nothing twice after it was flushed", async () => {
    const { clock, said, batch, add } = setUp();
    add("m1", "one");
    batch.flush();
    batch.flush();
    await clock.advance(200);
    expect(said).toEqual([{ messageId: "m1", text: "one" }]);
  });
});

import type { TaskEvent } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { createPageSize } from "./page-size.ts";

const saying = (count: number, chars: number): TaskEvent[] =>
  Array.from({ length: count }, (_, at) => ({
    seq: at + 1,
    at: "2026-01-01T00:00:00.000Z",
    epoch: 1,
    type: "log",
    data: { stream: "stdout", text: "x".repeat(chars) },
  }));

describe("how many events are read at a time", () => {
  it("is few of large ones and many of small ones", () => {
    const page = createPageSize();
    expect(page.events).toBe(100);
    page.saw(saying(100, 20));
    expect(page.events).toBe(500);
    page.saw(saying(500, 16_000));
    expect(page.events * 16_000).toBeGreaterThan(900_000);
    expect(page.events * 16_000).toBeLessThan(1_100_000);
    page.saw(saying(10, 500_000));
    expect(page.events).toBe(16);
  });

  it("stays when nothing came", () => {
    const page = createPageSize();
    page.saw(saying(1, 50_000));
    const { events } = page;
    expect(page.saw([])).toBe(0);
    expect(page.events).toBe(events);
  });

  it("counts what stands deep inside an event", () => {
    const [event] = saying(1, 0);
    if (event === undefined) throw new Error("no event");
    const deep = {
      ...event,
      data: { input: { files: [{ text: "y".repeat(2_000_000) }] } },
    } as unknown as TaskEvent;
    expect(createPageSize().saw([deep])).toBeGreaterThan(2_000_000);
  });
});

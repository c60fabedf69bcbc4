import { expect, describe, it } from "vitest";
import type { FeedStore } from "@agency/core";
import { createMemoryBus } from "../testing/memory-bus.ts";
import { createFeed } from "./feed.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const clock = { now: () => 0, sleep: async () => {} };
const totals = { counts: {}, spentTodayUsd: 0 };

function ground() {
  const bus = createMemoryBus();
  const reading: { during: () => void } = { during: () => {} };
  const store: FeedStore = {
    snapshot: async () => (reading.during(), { tasks: [], truncated: false }),
    summaries: async () => [],
    totals: async () => totals,
  };
  const feed = createFeed({ bus, store, clock, logger: quiet });
  const open = (place: string | null) => feed.follow("mine", place, new AbortController().signal);
  return { bus, reading, open };
}

async function next(reader: ReturnType<ReturnType<typeof ground>["open"]>) {
  const { value } = await reader.next();
  return value ? { id: value.id, type: value.update.type } : null;
}

describe("a feed on a bus that was away", () => {
  it("begins anew for a reader that comes back with the place of before", async () => {
    const { bus, open } = ground();
    const stays = open(null);
    const place = (await next(stays))?.id ?? "";
    expect((await next(open(place)))?.type).toBe("change");
    bus.resync();
    expect((await next(open(place)))?.type).toBe("snapshot");
  });

  it("sends another snapshot when that happened while one was read, and gives the first an old place", async () => {
    const { bus, reading, open } = ground();
    reading.during = () => {
      reading.during = () => {};
      bus.resync();
    };
    const reader = open(null);
    const first = await next(reader);
    expect((await next(open(first?.id ?? "")))?.type).toBe("snapshot");
    expect((await next(reader))?.type).toBe("snapshot");
  });
});

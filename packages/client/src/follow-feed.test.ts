import { isAgencyError } from "@agency/contract";
import type { FeedUpdate } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { createClient } from "./client.ts";
import { scriptedFetch } from "./testing/scripted-fetch.ts";
import type { Scripted } from "./testing/scripted-fetch.ts";

const totals = { counts: {}, spentTodayUsd: 0 };
const snapshot = { type: "snapshot", tasks: [], truncated: false, totals };
const weather = { type: "weather" };
const change = { type: "change", tasks: [], removed: [], totals };
const frame = (id: string, update: { type: string; tasks?: unknown }) =>
  `id: ${id}\nevent: ${update.type}\ndata: ${JSON.stringify(update)}\n\n`;

/** Follows until `most` updates are here, or it fails. */
async function follow(script: Scripted[], most: number) {
  const { fetch, seen } = scriptedFetch(script);
  const client = createClient({
    baseUrl: "http://agency.test/",
    apiKey: "k",
    fetch,
    clock: { sleep: async () => undefined, random: () => 1, silenceMs: 10_000, giveUpAfterMs: 60_000 },
  });
  const stop = new AbortController();
  const updates: FeedUpdate[] = [];
  try {
    for await (const update of client.feed({ signal: stop.signal })) {
      updates.push(update);
      if (updates.length === most) stop.abort();
    }
  } catch (error) {
    return { updates, seen, failure: isAgencyError(error) ? error : null };
  }
  return { updates, seen, failure: null };
}

describe("following the feed", () => {
  it("goes on after a loss from the last update that was handed out", async () => {
    const { updates, seen } = await follow(
      [
        { stream: [frame("1", snapshot), frame("2", change)], ends: "break" },
        { stream: [frame("3", change)], ends: "hang" },
      ],
      3,
    );
    expect(updates.map((update) => update.type)).toEqual(["snapshot", "change", "change"]);
    expect(seen[1]?.headers).toMatchObject({ "last-event-id": "2" });
  });

  it("passes over kinds of frames that came after its version", async () => {
    const { updates, failure } = await follow(
      [{ stream: [frame("1", snapshot), frame("2", weather), frame("3", change)], ends: "hang" }],
      2,
    );
    expect(failure).toBeNull();
    expect(updates.map((update) => update.type)).toEqual(["snapshot", "change"]);
  });

  it.each([
    ["tasks in another form", frame("2", { ...change, tasks: "none" })],
    ["what is no JSON", "id: 2\nevent: change\ndata: {\n\n"],
  ])("loses no update: it fails over %s and says what to do", async (_, odd) => {
    const { updates, failure, seen } = await follow(
      [{ stream: [frame("1", snapshot), odd, frame("3", change)], ends: "hang" }],
      3,
    );
    expect(updates).toHaveLength(1);
    expect(failure).toMatchObject({ code: "upstream_failed" });
    expect(failure?.next).toContain("Reload the page");
    expect(seen).toHaveLength(1);
  });
});

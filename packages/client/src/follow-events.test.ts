import type { TaskEvent } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { createClient } from "./client.ts";
import type { FollowOptions, StreamState } from "./follow-events.ts";
import { scriptedFetch } from "./testing/scripted-fetch.ts";
import type { Scripted } from "./testing/scripted-fetch.ts";

const at = "2026-01-01T00:00:00.000Z";
const note = (seq: number) => ({
  seq,
  at,
  epoch: 1,
  type: "notice",
  data: { level: "info", text: `n${seq}` },
});
const ended = (seq: number) => ({ seq, at, epoch: 1, type: "status", data: { state: "completed" } });
const frame = (event: { seq: number; type: string; data?: unknown }) =>
  `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
const END = "event: end\ndata: {}\n\n";

async function follow(script: Scripted[], options: FollowOptions = {}, giveUpAfterMs = 60_000) {
  const { fetch, seen } = scriptedFetch(script);
  const slept: number[] = [];
  const states: StreamState[] = [];
  const clock = {
    sleep: async (ms: number) => void slept.push(ms),
    random: () => 1,
    silenceMs: 10_000,
    giveUpAfterMs,
  };
  const client = createClient({ baseUrl: "http://agency.test/", apiKey: "k", fetch, clock });
  const events: TaskEvent[] = [];
  let failure: unknown = null;
  try {
    for await (const event of client.events("t1", { onState: (state) => states.push(state), ...options }))
      events.push(event);
  } catch (error) {
    failure = error;
  }
  return { seqs: events.map((event) => event.seq), failure, slept, states, seen };
}

describe("following the events of a task", () => {
  it("yields them in order and ends with the one that ends the task", async () => {
    const stream = [": hello\n\n", frame(note(1)) + frame(note(2)), frame(ended(3)), frame(note(4))];
    const { seqs, failure, seen } = await follow([{ stream, ends: "hang" }]);
    expect(failure).toBeNull();
    expect(seqs).toEqual([1, 2, 3]);
    expect(seen[0]).toMatchObject({
      url: "http://agency.test/v1/tasks/t1/events?after=0",
      headers: { accept: "text/event-stream", authorization: "Bearer k" },
    });
  });

  it("understands messages cut anywhere, even inside a character", async () => {
    const event = { ...note(1), data: { level: "info", text: "größer 🚀" } };
    const whole = new TextEncoder().encode(frame(event) + END);
    const stream = Array.from(whole, (byte) => Uint8Array.of(byte));
    const { seqs } = await follow([{ stream, ends: "hang" }]);
    expect(seqs).toEqual([1]);
  });

  it("takes up a broken connection where it broke, without a gap and without a double", async () => {
    const { seqs, seen, states, slept } = await follow([
      { stream: [frame(note(1)), frame(note(2))], ends: "break" },
      { fails: new Error("connect ECONNREFUSED") },
      { status: 503, json: {} },
      { stream: [frame(note(2)), frame(note(3)), frame(ended(4))], ends: "hang" },
    ]);
    expect(seqs).toEqual([1, 2, 3, 4]);
    expect(seen.map((request) => request.url.split("?")[1])).toEqual([
      "after=0",
      "after=2",
      "after=2",
      "after=2",
    ]);
    expect(seen.map((request) => request.headers["last-event-id"])).toEqual([undefined, "2", "2", "2"]);
    expect(states.map((state) => state.state)).toEqual([
      "live",
      "reconnecting",
      "reconnecting",
      "reconnecting",
      "live",
    ]);
    expect(slept).toEqual([250, 500, 1000]);
  });

  it("reconnects when the server closes the stream in the middle of a task", async () => {
    const { seqs } = await follow([
      { stream: [frame(note(1))], ends: "close" },
      { stream: [frame(ended(2))], ends: "close" },
    ]);
    expect(seqs).toEqual([1, 2]);
  });

  it("reconnects when heartbeats stop", async () => {
    const script: Scripted[] = [
      { stream: [frame(note(1))], ends: "hang" },
      { stream: [frame(ended(2))], ends: "hang" },
    ];
    const { fetch } = scriptedFetch(script);
    const clock = { sleep: async () => {}, silenceMs: 5 };
    const client = createClient({ baseUrl: "http://agency.test", apiKey: "k", fetch, clock });
    const seqs: number[] = [];
    for await (const event of client.events("t1")) seqs.push(event.seq);
    expect(seqs).toEqual([1, 2]);
  });

  it("asks again for an event that was left out, and says so when it stays out", async () => {
    const healed = await follow([
      { stream: [frame(note(1)), frame(note(3))], ends: "hang" },
      { stream: [frame(note(2)), frame(ended(3))], ends: "hang" },
    ]);
    expect(healed.seqs).toEqual([1, 2, 3]);
    const broken = await follow([
      { stream: [frame(note(1)), frame(note(3))], ends: "hang" },
      { stream: [frame(note(3))], ends: "hang" },
    ]);
    expect(broken.failure).toMatchObject({
      code: "upstream_failed",
      message: "The server leaves out event 2.",
    });
  });

  it("goes on after what is no longer kept, and says so", async () => {
    const reset = 'event: reset\ndata: {"firstSeq":7}\n\n';
    const { seqs, states } = await follow([
      { stream: [reset, frame(note(7)), frame(ended(8))], ends: "hang" },
    ]);
    expect(seqs).toEqual([7, 8]);
    expect(states).toContainEqual({ state: "purged", firstSeq: 7 });
  });

  it("does not take missing numbers for a gap when only some types are asked for", async () => {
    const stream = [frame(note(2)), frame(note(9)), END];
    const { seqs, seen } = await follow([{ stream, ends: "hang" }], { types: ["notice"], after: 1 });
    expect(seqs).toEqual([2, 9]);
    expect(seen[0]?.url).toContain("after=1&types=notice");
  });

  it("passes over an event type of a newer server", async () => {
    const { seqs } = await follow([
      { stream: [frame({ ...note(1), type: "hologram" }), frame(ended(2))], ends: "hang" },
    ]);
    expect(seqs).toEqual([2]);
  });

  it.each([
    ["not JSON", "id: 1\ndata: {\n\n"],
    ["a known type of another shape", frame({ ...note(1), data: { level: "loud" } })],
    ["an event without a number", 'data: {"type":"notice"}\n\n'],
  ])("fails on %s", async (_, message) => {
    const { failure } = await follow([{ stream: [message], ends: "hang" }]);
    expect(failure).toMatchObject({ code: "upstream_failed" });
  });

  it("fails at once when the first connection fails", async () => {
    const { failure, slept } = await follow([
      { fails: Object.assign(new Error("x"), { code: "ECONNREFUSED" }) },
    ]);
    expect(failure).toMatchObject({ code: "unavailable", message: "Nothing answers at http://agency.test." });
    expect(slept).toEqual([]);
  });

  it("fails at once when the key stops being accepted", async () => {
    const { failure } = await follow([{ stream: [frame(note(1))], ends: "break" }, { status: 401 }]);
    expect(failure).toMatchObject({ code: "unauthenticated" });
  });

  it("gives up on a server that stays away", async () => {
    const away: Scripted[] = Array.from({ length: 20 }, () => ({ fails: new Error("away") }));
    const { failure, slept } = await follow([{ stream: [frame(note(1))], ends: "close" }, ...away], {}, 4000);
    expect(failure).toMatchObject({ code: "unavailable" });
    expect(slept).toEqual([250, 500, 1000, 2000]);
  });

  it("waits as long as the server asks", async () => {
    const busy: Scripted = { status: 429, headers: { "retry-after": "7" } };
    const { slept } = await follow([
      { stream: [frame(note(1))], ends: "close" },
      busy,
      { stream: [END], ends: "hang" },
    ]);
    expect(slept).toEqual([250, 7000]);
  });

  it("waits for an hour at the most, whatever it is told", async () => {
    const busy: Scripted = { status: 429, headers: { "retry-after": "9999999999" } };
    const open: Scripted = { stream: [END], ends: "hang" };
    const { slept } = await follow([{ stream: [frame(note(1))], ends: "close" }, busy, open], {}, 1e9);
    expect(slept).toEqual([250, 3_600_000]);
  });

  it("ends quietly when told to", async () => {
    const stop = new AbortController();
    const { fetch } = scriptedFetch([{ stream: [frame(note(1))], ends: "hang" }]);
    const client = createClient({ baseUrl: "http://agency.test", apiKey: "k", fetch });
    const seqs: number[] = [];
    for await (const event of client.events("t1", { signal: stop.signal })) {
      seqs.push(event.seq);
      stop.abort();
    }
    expect(seqs).toEqual([1]);
  });
});

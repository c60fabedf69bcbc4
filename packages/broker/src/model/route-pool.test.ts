import { HOLD_HEADER } from "@agency/contract";
import { createMemoryModelGate } from "@agency/testing";
import { describe, expect, it } from "vitest";
import { STREAM } from "../testing/answers.ts";
import { startUpstream } from "../testing/loopback-upstream.ts";
import { wholeMessage } from "../testing/messages.ts";
import { createHarness, gateWith } from "../testing/route-harness.ts";
import type { HarnessOptions } from "../testing/route-harness.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const HOUR = 3_600_000;

interface Failing {
  status: number;
  headers?: Record<string, string>;
  message?: string;
}
const limited = (seconds: number): Failing => ({ status: 429, headers: { "retry-after": String(seconds) } });

/** A vendor that fails for the keys that are named, and answers all others. */
async function vendorFailing(failures: Map<string, Failing>) {
  return startUpstream((response, { headers }) => {
    const failing = failures.get(String(headers["x-api-key"]));
    if (failing === undefined) return response.writeHead(200, STREAM).end(wholeMessage());
    const error = { type: "error", error: { type: "x", message: failing.message ?? "no" } };
    return response
      .writeHead(failing.status, { "content-type": "application/json", ...failing.headers })
      .end(JSON.stringify(error));
  });
}

async function open(failures: Record<string, Failing>, options: HarnessOptions = {}) {
  const failing = new Map(Object.entries(failures));
  const upstream = await vendorFailing(failing);
  const clock = { now: NOW };
  const harness = createHarness(createMemoryModelGate(), upstream.url, {
    keys: ["k1", "k2"],
    date: () => clock.now,
    ...options,
  });
  const asked = () => upstream.requests.map(({ headers }) => headers["x-api-key"]);
  return {
    ...harness,
    upstream,
    failing,
    clock,
    asked,
    [Symbol.asyncDispose]: upstream[Symbol.asyncDispose],
  };
}

async function holdOf(response: Response) {
  const { error } = (await response.json()) as { error: { message: string } };
  const { status, headers } = response;
  return { status, hold: headers.get(HOLD_HEADER), after: headers.get("retry-after"), ...error };
}

describe("several credentials of one vendor", () => {
  it("take over from each other in the same call, and a used up one is not asked before its reset", async () => {
    await using pool = await open({ k1: limited(60) });
    const { send, gate, clock, asked, failing } = pool;
    expect(await (await send()).text()).toBe(wholeMessage());
    expect(await (await send()).text()).toBe(wholeMessage());
    expect(asked()).toEqual(["k1", "k2", "k2"]);
    const until = NOW + 60_000;
    expect(gate.changes).toEqual([{ vendor: "anthropic", credentials: ["KEY_1"], until, next: "KEY_2" }]);
    expect([gate.usedUpLimits.length, gate.open.size]).toEqual([0, 0]);
    expect(gate.calls.map((call) => call.status)).toEqual([200]);
    failing.clear();
    clock.now = until;
    await (await send()).text();
    expect(asked().at(-1)).toBe("k1");
  });

  it("hold the engine's request until the first reset when all are used up, and tell the task", async () => {
    const k1 = { "anthropic-ratelimit-unified-status": "rejected", "anthropic-ratelimit-unified-reset": "" };
    k1["anthropic-ratelimit-unified-reset"] = String((NOW + 2 * HOUR) / 1000);
    await using pool = await open({ k1: { status: 429, headers: k1 }, k2: limited(90) });
    const { send, gate, asked, clock } = pool;
    const held = await holdOf(await send());
    expect(held).toEqual({
      status: 503,
      hold: "usage_limit",
      after: "90",
      type: "api_error",
      message: expect.stringContaining(
        "KEY_1, KEY_2) has reached its usage limit. It resets at 2026-11-21T12:01:30",
      ),
    });
    const limit = { vendor: "anthropic", credentials: ["KEY_1", "KEY_2"], until: NOW + 90_000 };
    expect(gate.usedUpLimits).toEqual([limit]);
    expect([gate.calls.length, gate.open.size, [...gate.settled.values()]]).toEqual([0, 0, [1]]);
    clock.now += 30_500;
    expect(await holdOf(await send())).toMatchObject({ after: "60" });
    expect([asked(), gate.settled.size]).toEqual([["k1", "k2"], 1]);
  });

  it("wait for a near reset without a word to the task", async () => {
    await using pool = await open({ k1: limited(4) }, { keys: ["k1"] });
    expect(await holdOf(await pool.send())).toMatchObject({ status: 503, hold: "busy", after: "4" });
    expect(pool.gate.usedUpLimits).toEqual([]);
  });

  it("stay unused where the task does not want the next one", async () => {
    await using pool = await open({ k1: limited(60) }, { caller: { onUsageLimit: "wait" } });
    expect(await holdOf(await pool.send())).toMatchObject({ hold: "usage_limit", after: "60" });
    expect(pool.asked()).toEqual(["k1"]);
  });

  it("are limited for a minute when nothing says how long, and never longer than eight days", async () => {
    await using pool = await open({ k1: { status: 429 }, k2: limited(90 * 24 * 3600) });
    expect(await holdOf(await pool.send())).toMatchObject({ after: "60" });
    pool.failing.set("k1", limited(365 * 24 * 3600));
    pool.clock.now += 60_000;
    expect(await holdOf(await pool.send())).toMatchObject({ after: String(8 * 24 * 3600 - 60) });
  });

  it.each([
    ["an empty account", 400, "Your credit balance is too low to access the Anthropic API.", 3600],
    [
      "a limit of one's own",
      400,
      "You have reached your specified API usage limits. You will regain access on 2026-11-22 at 00:00 UTC.",
      12 * 3600,
    ],
  ])("count %s as used up", async (_, status, message, after) => {
    await using pool = await open({ k1: { status, message } }, { keys: ["k1"] });
    expect(await holdOf(await pool.send())).toMatchObject({ hold: "usage_limit", after: String(after) });
  });

  it("are not talked into it by an error that quotes the agent", async () => {
    const message = 'tools.0.name: "Your credit balance is too low" does not match the pattern';
    await using pool = await open({ k1: { status: 400, message } });
    expect((await pool.send()).status).toBe(400);
    expect([pool.asked(), pool.gate.changes]).toEqual([["k1"], []]);
  });

  it("skip one that the vendor refuses for five minutes, and pass the refusal on when it is the last", async () => {
    await using pool = await open({ k1: { status: 401 } });
    const { send, asked, clock, failing, logger } = pool;
    expect((await send()).status).toBe(200);
    await send();
    expect(asked()).toEqual(["k1", "k2", "k2"]);
    expect(logger.text()).toContain("was refused");
    expect(pool.gate.changes).toMatchObject([{ until: null }]);
    failing.set("k2", { status: 401 });
    expect((await send()).status).toBe(401);
    clock.now += 5 * 60_000;
    await send();
    expect(asked().slice(3)).toEqual(["k2", "k1", "k2"]);
  });

  it("hold and settle although the task cannot be told", async () => {
    const away = () => Promise.reject(new Error("database is away"));
    const gate = createMemoryModelGate();
    await using pool = await open(
      { k1: limited(60), k2: limited(60) },
      { gate: gateWith(gate, { usedUp: away, changedCredential: away }) },
    );
    const headers = { "x-api-key": gate.issue() };
    expect(await holdOf(await pool.send(undefined, { headers }))).toMatchObject({ hold: "usage_limit" });
    expect([gate.open.size, gate.settled.size]).toEqual([0, 1]);
  });
});

describe("a call that must wait", () => {
  it("is held with the gate's reason, time and words, in the vendor's shape", async () => {
    await using pool = await open({});
    const memory = createMemoryModelGate();
    const placeholder = memory.issue();
    const gate = gateWith(memory, {
      admit: async () => ({ ok: false, hold: "budget", retryMs: 15_200, message: "The budget is used up." }),
    });
    const { send } = createHarness(createMemoryModelGate(), pool.upstream.url, { gate });
    expect(await holdOf(await send(undefined, { headers: { "x-api-key": placeholder } }))).toEqual({
      status: 503,
      hold: "budget",
      after: "16",
      type: "api_error",
      message: "The budget is used up.",
    });
    expect(pool.upstream.requests).toHaveLength(0);
  });
});

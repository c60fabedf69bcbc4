import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../clock.ts";
import { QUIET_MS, steadyBody } from "./steady-body.ts";

/** Time passes only where the test says so. The wall clock shows what it likes, and is not asked. */
function manualClock() {
  let now = 0;
  const sleepers = new Set<{ until: number; wake: () => void }>();
  return {
    elapsed: () => now,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        const sleeper = { until: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => (sleepers.delete(sleeper), resolve()));
      }),
    pass(ms: number) {
      now += ms;
      for (const sleeper of sleepers) if (sleeper.until <= now) sleeper.wake();
    },
    sleepers,
  };
}

const DAY_MS = 86_400_000;
const quiet = { code: "unavailable", message: expect.stringContaining("stood still") };
const never = new Promise<never>(() => undefined);

async function collect(body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.byteLength;
  return bytes;
}

afterEach(() => vi.useRealTimers());

async function* standingStill(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(1);
  yield await never;
}

describe("a body that is to come steadily", () => {
  it.each([
    ["back by an hour", -3_600_000],
    ["forward by two days", 2 * DAY_MS],
  ])("is given up after the same time when the wall clock is set %s", async (_, by) => {
    vi.useFakeTimers();
    const body = steadyBody(standingStill(), systemClock, DAY_MS);
    await body.next();
    const refused: unknown[] = [];
    void body.next().catch((error: unknown) => refused.push(error));
    vi.setSystemTime(Date.now() + by);
    await vi.advanceTimersByTimeAsync(QUIET_MS - 1);
    expect(refused).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(refused).toMatchObject([quiet]);
  });

  it("passes as it is, and leaves no timer behind", async () => {
    const clock = manualClock();
    const body = steadyBody(new Blob(["a".repeat(300_000)]).stream(), clock, DAY_MS, clock.elapsed);
    expect(await collect(body)).toBe(300_000);
    expect(clock.sleepers.size).toBe(0);
  });

  it("is given up when nothing comes, without waiting for its end", async () => {
    const clock = manualClock();
    const body = steadyBody(standingStill(), clock, DAY_MS, clock.elapsed);
    await body.next();
    const stalled = body.next();
    clock.pass(QUIET_MS);
    await expect(stalled).rejects.toMatchObject(quiet);
  });

  it("is given up when only a byte comes now and then", async () => {
    const clock = manualClock();
    const dripping = (async function* () {
      for (;;) {
        clock.pass(QUIET_MS / 10);
        yield new Uint8Array(1);
      }
    })();
    await expect(collect(steadyBody(dripping, clock, DAY_MS, clock.elapsed))).rejects.toMatchObject(quiet);
  });

  it("is given up when it comes more slowly than any honest line, however steadily", async () => {
    const clock = manualClock();
    let sent = 0;
    const slow = (async function* () {
      for (;;) {
        clock.pass(QUIET_MS / 2);
        sent += 1;
        yield new Uint8Array(64 * 1024);
      }
    })();
    await expect(collect(steadyBody(slow, clock, DAY_MS, clock.elapsed))).rejects.toMatchObject(quiet);
    expect(sent).toBeLessThan(5);
  });

  it("is given up when its time is over, also while it comes", async () => {
    const clock = manualClock();
    const endless = (async function* () {
      for (;;) {
        clock.pass(1000);
        yield new Uint8Array(1024 * 1024);
      }
    })();
    const late = { code: "unavailable", message: expect.stringContaining("600 s") };
    await expect(collect(steadyBody(endless, clock, 600_000, clock.elapsed))).rejects.toMatchObject(late);
    expect(clock.elapsed()).toBe(600_000);
  });

  it("may take long to be stored: only its sender is hurried", async () => {
    const clock = manualClock();
    const bytes = new Blob(["a".repeat(300_000)]).stream();
    let stored = 0;
    for await (const chunk of steadyBody(bytes, clock, DAY_MS, clock.elapsed)) {
      clock.pass(10 * QUIET_MS);
      stored += chunk.byteLength;
    }
    expect(stored).toBe(300_000);
  });

  it("throws what its source throws", async () => {
    const broken = (async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
      throw new Error("gone");
    })();
    await expect(collect(steadyBody(broken, manualClock(), DAY_MS))).rejects.toThrow("gone");
  });
});

import { describe, expect, it } from "vitest";
import { checkpointsToForget } from "./thin-checkpoints.ts";
import type { ThinnedCheckpoint } from "./thin-checkpoints.ts";

const MINUTE = 60_000;
const NOW = Date.parse("2026-03-01T12:00:00.000Z");
const KEEP = 10;

/** One every so many minutes up to now, as a task makes them. */
function made(count: number, everyMs: number, more: Partial<ThinnedCheckpoint> = {}): ThinnedCheckpoint[] {
  return Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    at: NOW - (count - 1 - i) * everyMs,
    label: null,
    isUsed: false,
    ...more,
  }));
}

function kept(checkpoints: ThinnedCheckpoint[], now = NOW): number[] {
  const gone = new Set(checkpointsToForget(checkpoints, KEEP, now));
  return checkpoints.map(({ number }) => number).filter((number) => !gone.has(number));
}

describe("which checkpoints are kept", () => {
  it("the newest, all of them", () => {
    expect(kept(made(10, 1))).toHaveLength(10);
    expect(kept(made(100, 1)).slice(-10)).toEqual([91, 92, 93, 94, 95, 96, 97, 98, 99, 100]);
  });

  it("of older ones fewer the older they are: of three days with one a minute about fifty", () => {
    const numbers = kept(made(3 * 24 * 60, MINUTE));
    const ages = numbers.map((number) => 3 * 24 * 60 - number);
    expect(ages.filter((age) => age > 10 && age < 120).length).toBeGreaterThanOrEqual(10);
    expect(ages.filter((age) => age > 120 && age < 1440).length).toBeGreaterThanOrEqual(21);
    expect(ages.filter((age) => age > 1440).length).toBeGreaterThanOrEqual(2);
    expect(numbers.length).toBeLessThan(55);
  });

  it("as many when they are thinned after each as when they are thinned once", () => {
    let left: ThinnedCheckpoint[] = [];
    const all = made(26 * 60, MINUTE);
    for (const checkpoint of all) {
      left.push(checkpoint);
      const gone = new Set(checkpointsToForget(left, KEEP, checkpoint.at));
      left = left.filter(({ number }) => !gone.has(number));
    }
    expect(left.length).toBeGreaterThan(40);
    expect(left.length).toBeLessThan(60);
  });

  it("those others were started from, and those with a label", () => {
    const all = made(200, 1);
    const marked = all.map((one) =>
      one.number === 3 ? { ...one, isUsed: true } : one.number === 5 ? { ...one, label: "before" } : one,
    );
    expect(kept(marked).slice(0, 2)).toEqual([3, 5]);
  });

  it("of labels the first fifty: later ones keep nobody else's out", () => {
    expect(kept(made(500, 1, { label: "x" }))).toHaveLength(60);
  });

  it("in any order they come, also from a clock that went back", () => {
    const all = made(100, -MINUTE);
    expect(kept(all.toReversed())).toEqual(kept(all).toReversed());
    expect(kept(all, NOW - 10 ** 9).length).toBeGreaterThanOrEqual(10);
  });
});

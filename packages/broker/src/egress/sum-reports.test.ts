import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createReportSum, KINDS_A_SECOND, SINGLE_A_SECOND } from "../reports/thin-reports.ts";
import { alikeConnections } from "./sum-reports.ts";
import type { NetworkReport } from "./sum-reports.ts";

const one: NetworkReport = {
  host: "a.com",
  port: 443,
  via: "connect",
  verdict: "allowed",
  bytesIn: 1,
  bytesOut: 2,
  durationMs: 3,
  count: 1,
};

describe("the reports of an attempt", () => {
  it("come one by one while they are few", () => {
    const sum = createReportSum(alikeConnections);
    for (let at = 0; at < SINGLE_A_SECOND; at += 1) expect(sum.take(one, 0)).toEqual([one]);
    expect(sum.take(one, 1_000)).toEqual([one]);
  });

  it("become one of their kind when they are many", () => {
    const sum = createReportSum(alikeConnections);
    for (let at = 0; at < SINGLE_A_SECOND; at += 1) sum.take(one, 0);
    expect(sum.take({ ...one, durationMs: 9 }, 10)).toEqual([]);
    expect(sum.take(one, 20)).toEqual([]);
    expect(sum.take({ ...one, verdict: "denied" }, 30)).toEqual([]);
    expect(sum.isIdle(5_000)).toBe(false);
    expect(sum.flush()).toEqual([
      { ...one, bytesIn: 2, bytesOut: 4, durationMs: 9, count: 2 },
      { ...one, verdict: "denied" },
    ]);
    expect(sum.isIdle(999)).toBe(false);
    expect(sum.isIdle(1_000)).toBe(true);
  });

  it("write what was held back before what comes in the next second", () => {
    const sum = createReportSum(alikeConnections);
    for (let at = 0; at <= SINGLE_A_SECOND; at += 1) sum.take(one, 0);
    const later = { ...one, host: "b.com" };
    expect(sum.take(later, 1_000)).toEqual([one, later]);
  });

  it("lose no connection and no byte, and are never more than the log can bear", () => {
    const report = fc.record({
      host: fc.constantFrom("a.com", "b.com").chain((host) => fc.nat(200).map((at) => `${at}.${host}`)),
      verdict: fc.constantFrom("allowed", "denied", "failed"),
      bytesIn: fc.nat(1_000),
      after: fc.oneof(fc.constant(0), fc.nat(50)),
    });
    fc.assert(
      fc.property(fc.array(report, { maxLength: 500 }), (all) => {
        const sum = createReportSum(alikeConnections);
        const perSecond = new Map<number, number>();
        const out: NetworkReport[] = [];
        let now = 0;
        let since = Number.NEGATIVE_INFINITY;
        for (const { host, verdict, bytesIn, after } of all) {
          now += after;
          if (now - since >= 1_000) since = now;
          const written = sum.take({ ...one, host, verdict, bytesIn }, now);
          perSecond.set(since, (perSecond.get(since) ?? 0) + written.length);
          out.push(...written);
        }
        out.push(...sum.flush());
        expect(out.reduce((total, { count }) => total + count, 0)).toBe(all.length);
        expect(out.reduce((total, { bytesIn }) => total + bytesIn, 0)).toBe(
          all.reduce((total, { bytesIn }) => total + bytesIn, 0),
        );
        for (const verdict of ["allowed", "denied", "failed"]) {
          const of = (some: readonly { verdict: string }[]) =>
            some.filter((each) => each.verdict === verdict);
          expect(of(out).reduce((total, each) => total + (each as NetworkReport).count, 0)).toBe(
            of(all).length,
          );
        }
        expect(Math.max(0, ...perSecond.values())).toBeLessThanOrEqual(SINGLE_A_SECOND + KINDS_A_SECOND + 3);
      }),
      { numRuns: 200 },
    );
  });
});

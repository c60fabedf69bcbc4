import { describe, expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";
import { judgeReply } from "./judge-reply.ts";

const answer = (status: number, body: unknown = null, retryAfterMs: number | null = null) =>
  judgeReply({ kind: "answer", status, body, retryAfterMs });

describe("an answer of the control plane", () => {
  it.each([200, 201, 204])("%i is a yes", (status) => {
    expect(answer(status, { ack: 3 })).toEqual({ kind: "ok", body: { ack: 3 } });
  });
  it.each([401, 404, 409, 410])("%i ends the attempt", (status) => {
    expect(answer(status)).toMatchObject({ kind: "fenced" });
  });
  it("409 that says what it has asks for the rest", () => {
    expect(answer(409, { have: 7 })).toEqual({ kind: "behind", have: 7 });
    expect(answer(409, { have: "all" })).toMatchObject({ kind: "fenced" });
  });
  it.each([400, 413, 415, 422, 507])("%i is about the content", (status) => {
    expect(answer(status)).toEqual({ kind: "refused", status });
  });
  it.each([402, 403, 408, 421, 425, 429, 500, 502, 503, 504])("%i is for another time", (status) => {
    expect(answer(status, null, 2000)).toMatchObject({ kind: "retry", afterMs: 2000 });
  });
  it("says why in the control plane's own words", () => {
    expect(answer(503, { detail: "The disk is full." })).toMatchObject({
      why: "the control plane answered 503: The disk is full",
    });
  });
  it("that never came is for another time", () => {
    expect(judgeReply({ kind: "unreachable", why: "gone" })).toEqual({
      kind: "retry",
      afterMs: null,
      why: "gone",
    });
  });
});

describe("the time to the next try", () => {
  it("doubles up to two seconds, with up to half of it left to chance", () => {
    expect([0, 1, 2, 9].map((failures) => backoffMs(failures, null, 0.999))).toEqual([
      expect.closeTo(50, 0),
      expect.closeTo(100, 0),
      expect.closeTo(200, 0),
      expect.closeTo(2000, -1),
    ]);
    expect(backoffMs(3, null, 0)).toBe(200);
    expect(backoffMs(1e9, null, 0)).toBe(1000);
  });
  it("is what the control plane asks for, within reason", () => {
    expect(backoffMs(0, 5000, 0)).toBe(5000);
    expect(backoffMs(0, 1e9, 0)).toBe(30_000);
  });
});

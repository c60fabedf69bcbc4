import { describe, expect, it } from "vitest";
import { readTrouble as readAnthropic } from "./anthropic/read-trouble.ts";
import { durationMs, readTrouble as readOpenai } from "./openai/read-trouble.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const answer = (status: number, headers: Record<string, string> = {}, error: object = {}) => ({
  status,
  headers: new Headers(headers),
  text: JSON.stringify({ error }),
  now: NOW,
});
const inSeconds = (trouble: { until: number } | null) => trouble && (trouble.until - NOW) / 1000;

describe("what an error of Anthropic says of the credential", () => {
  const epoch = (seconds: number) => String(NOW / 1000 + seconds);

  it.each([
    [
      "the subscription's window",
      { "anthropic-ratelimit-unified-reset": epoch(7200), "retry-after": "5" },
      7200,
    ],
    [
      "retry-after, when the window is open",
      {
        "anthropic-ratelimit-unified-status": "allowed",
        "anthropic-ratelimit-unified-reset": epoch(7200),
        "retry-after": "5",
      },
      5,
    ],
    ["a date", { "retry-after": "Sat, 21 Nov 2026 12:00:30 GMT" }, 30],
    ["milliseconds", { "retry-after-ms": "1500" }, 1.5],
    [
      "the empty bucket",
      {
        "anthropic-ratelimit-requests-remaining": "12",
        "anthropic-ratelimit-requests-reset": "2026-11-21T12:09:00Z",
        "anthropic-ratelimit-input-tokens-remaining": "0",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-21T12:00:40Z",
      },
      40,
    ],
    ["nothing", {}, 60],
    ["nonsense", { "retry-after": "soon", "anthropic-ratelimit-unified-reset": "x" }, 60],
  ])("is read from %s", (_, headers, seconds) => {
    expect(inSeconds(readAnthropic(answer(429, headers)))).toBe(seconds);
  });

  it("is nothing for faults of the request and of the vendor", () => {
    for (const status of [400, 403, 404, 413, 500, 529])
      expect(
        readAnthropic(answer(status, {}, { message: "usage limit? credit balance is too low" })),
      ).toBeNull();
    expect(readAnthropic({ ...answer(403), text: "<html>" })).toBeNull();
  });
});

describe("what an error of OpenAI says of the credential", () => {
  it.each([
    ["a window", 429, {}, { type: "usage_limit_reached", resets_at: NOW / 1000 + 90 }, 90],
    ["an unpaid bill", 429, { "retry-after": "1" }, { code: "insufficient_quota" }, 3600],
    ["an unpaid bill", 400, {}, { code: "billing_hard_limit_reached" }, 3600],
    ["buckets", 429, { "x-ratelimit-reset-requests": "20ms", "x-ratelimit-reset-tokens": "1m30s" }, {}, 90],
    ["nothing", 429, {}, {}, 60],
    ["a key that is not one", 401, {}, { code: "invalid_api_key" }, 300],
  ])("is read from %s (%d)", (_, status, headers, error, seconds) => {
    expect(inSeconds(readOpenai(answer(status, headers as Record<string, string>, error)))).toBe(seconds);
  });

  it("is nothing for faults of the request and of the vendor", () => {
    for (const status of [400, 403, 404, 500, 503])
      expect(readOpenai(answer(status, {}, { message: "insufficient_quota" }))).toBeNull();
  });

  it.each([
    ["6m0s", 360_000],
    ["1h2m3s", 3_723_000],
    ["1.5s", 1500],
    ["20ms", 20],
    ["1d", 86_400_000],
    ["", null],
    ["5", null],
    ["5s later", null],
  ])("has %j for %j milliseconds", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });
});

import { EVENT_PREVIEW_BYTES, MAX_EVENT_BYTES, runnerEventBodySchema } from "@agency/contract";
import type { Json } from "@agency/contract";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedactor } from "../redaction/redactor.ts";
import { jsonBytes } from "./json-size.ts";
import { EVENT_LIMITS, sanitizeEvent } from "./sanitize-event.ts";

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).length;

const hostileText = fc.oneof(
  fc.string({
    unit: fc.constantFrom("a", '"', "\\", "\n", "\u0001", "\u001b", "é", "€", "😀", "\ud800", "\0"),
    maxLength: 40,
  }),
  fc
    .tuple(fc.constantFrom("a", "\u001b", "€", "😀", "\0"), fc.nat(20_000))
    .map(([unit, times]) => unit.repeat(times)),
);
const hostileJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    hostileText,
    fc.double(),
    fc.constantFrom(null, true, 1e300),
    tie("list"),
    tie("record"),
  ),
  list: fc.array(tie("value"), { maxLength: 12 }),
  record: fc.dictionary(hostileText, tie("value"), { maxKeys: 8 }),
})).value;

describe("sanitizeEvent", () => {
  it("has the limits of the contract", () => {
    expect(EVENT_LIMITS).toEqual({ inlineBytes: MAX_EVENT_BYTES, previewBytes: EVENT_PREVIEW_BYTES });
  });

  it("leaves an ordinary event as it is", () => {
    const data = { messageId: "m1", text: "I'll read the file." };
    expect(sanitizeEvent(data)).toEqual({ data, sanitized: false });
  });

  it("makes an object of what is none, for the schema to refuse", () => {
    for (const raw of [undefined, null, 7, "text", [1], () => 1])
      expect(sanitizeEvent(raw)).toEqual({ data: {}, sanitized: true });
  });

  it("keeps up to 64 KB inline, and from the next byte on a preview", () => {
    const room = MAX_EVENT_BYTES - bytesOf({ text: "" });
    expect("oversize" in sanitizeEvent({ text: "x".repeat(room) })).toBe(false);
    expect(sanitizeEvent({ text: "x".repeat(room + 1) }).oversize?.length).toBe(MAX_EVENT_BYTES + 1);
  });

  it("cuts a long output to 8 KB, says so, and gives the whole apart", () => {
    const data = {
      id: "t1",
      status: "ok",
      output: "é".repeat(100_000),
      outputBytes: 200_000,
      truncated: false,
    };
    const { data: kept, oversize } = sanitizeEvent(data);
    expect(kept).toMatchObject({ id: "t1", status: "ok", outputBytes: 200_000, truncated: false });
    expect(kept["output"]).toMatch(/^é{4000,}… \[\d+ more characters\]$/);
    expect(bytesOf(kept["output"])).toBeLessThanOrEqual(EVENT_PREVIEW_BYTES);
    expect(oversize === JSON.stringify(data)).toBe(true);
  });

  it.each([
    [
      "tool_start",
      { id: "t", name: "Write", kind: "edit", input: { path: "/a", content: "x".repeat(300_000) } },
    ],
    [
      "tool_start",
      { id: "t", kind: "edit", input: Array.from({ length: 50_000 }, (_, i) => ({ i })), name: "Edit" },
    ],
    [
      "tool_start",
      {
        input: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i])),
        id: "t",
        name: "x",
        kind: "mcp",
      },
    ],
    [
      "feature_list",
      {
        features: Array.from({ length: 1000 }, (_, i) => ({
          id: `f${i}`,
          title: "t".repeat(200),
          status: "open",
        })),
      },
    ],
    ["log", { stream: "stdout", text: "\u001b".repeat(10_000_000) }],
    ["file_change", { path: "a", op: "modify", diff: "+😀\n".repeat(50_000), source: "engine" }],
    [
      "feature_list",
      {
        features: Array.from({ length: 30 }, (_, i) => ({
          id: String(i),
          title: "t".repeat(9000),
          status: "open",
        })),
      },
    ],
  ])("a preview of %s still matches its schema", (type, data) => {
    const { data: kept, oversize } = sanitizeEvent(data);
    expect(oversize === JSON.stringify(data)).toBe(true);
    expect(bytesOf(kept)).toBeLessThanOrEqual(MAX_EVENT_BYTES);
    expect(runnerEventBodySchema.safeParse({ type, data: kept }).error).toBeUndefined();
  });

  it("hides a secret that stands where a text is cut", () => {
    const { redactor } = createRedactor([{ name: "KEY", value: "s3cret-s3cret-s3cret" }]);
    for (let at = 8080; at < 8200; at += 1) {
      const text = `${"x".repeat(at)}s3cret-s3cret-s3cret${"y".repeat(70_000)}`;
      const { data, oversize } = sanitizeEvent(
        { text },
        (clean) => redactor.redactJson(clean) as typeof clean,
      );
      expect(JSON.stringify(data) + oversize).not.toContain("s3c");
    }
  });

  it("survives an event nested 20,000 deep that its schema alone would not", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`) as unknown;
    const { data, sanitized } = sanitizeEvent({ id: "t", name: "x", kind: "mcp", input: deep });
    expect(sanitized).toBe(true);
    expect(runnerEventBodySchema.safeParse({ type: "tool_start", data }).success).toBe(true);
  });

  it("never gives more than 64 KB inline, whatever comes, and gives the whole when it cut", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), hostileJson), (raw) => {
        const { data, oversize } = sanitizeEvent(raw);
        expect(bytesOf(data)).toBeLessThanOrEqual(MAX_EVENT_BYTES);
        expect(JSON.parse(JSON.stringify(data))).toEqual(data);
        if (oversize === undefined) return;
        expect(bytesOf(JSON.parse(oversize))).toBeGreaterThan(MAX_EVENT_BYTES);
        for (const key of Object.keys(data)) expect(JSON.parse(oversize)).toHaveProperty([key]);
      }),
    );
  });
});

describe("jsonBytes", () => {
  it("counts as JSON.stringify and UTF-8 do, up to its limit", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), fc.nat(200), (value, limit) => {
        const real = bytesOf(value);
        const counted = jsonBytes(value as Json, limit);
        if (real <= limit) expect(counted).toBe(real);
        else expect(counted).toBeGreaterThan(limit);
      }),
    );
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanJson, MAX_JSON_DEPTH } from "./clean-json.ts";

const clean = (json: string) => cleanJson(JSON.parse(json));

function depthOf(value: unknown): number {
  if (value === null || typeof value !== "object") return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** What PostgreSQL takes as jsonb, and what no reader stumbles over. */
function isStorable(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed() && !value.includes("\0");
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (value === null || typeof value === "boolean") return true;
  if (typeof value !== "object") return false;
  return Object.entries(value).every(
    ([key, item]) => isStorable(key) && key !== "__proto__" && isStorable(item),
  );
}

describe("cleanJson", () => {
  it.each([
    ["NUL", String.raw`"a\u0000b"`, "a\u2400b"],
    ["a lone high surrogate", String.raw`"a\ud800b"`, "a\ufffdb"],
    ["a lone low surrogate", String.raw`"\udc00"`, "\ufffd"],
    ["a number no double holds", "1e400", null],
    ["its negative", "-1e200000", null],
    ["NUL in a key", String.raw`{"a\u0000":1}`, { "a\u2400": 1 }],
    ["a lone surrogate in a key", String.raw`{"\ud800":1}`, { "\ufffd": 1 }],
  ])("replaces %s", (_, json, value) => {
    expect(clean(json)).toEqual({ value, changed: true });
  });

  it.each([
    "null",
    "true",
    "-1.5e300",
    '"😀 \\n \\u001b[0m"',
    '{"a":[{"b":[]},""],"constructor":{"prototype":1}}',
    "[]",
  ])("leaves %s as it is", (json) => {
    expect(clean(json)).toEqual({ value: JSON.parse(json), changed: false });
  });

  it("writes zero without a sign", () => {
    expect(Object.is(clean("-0").value, 0)).toBe(true);
  });

  it("makes a key that reaches the prototype harmless and keeps it visible", () => {
    const { value, changed } = clean('{"__proto__":{"polluted":true},"a":1}');
    expect({ ...(value as object) }).toEqual({ "[__proto__]": { polluted: true }, a: 1 });
    expect(changed).toBe(true);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect("polluted" in {}).toBe(false);
  });

  it.each(['{"a":', "["])("cuts what %s nests 20,000 deep at 100", (open) => {
    const close = open === "[" ? "]" : "}";
    const { value, changed } = clean(`${open.repeat(20_000)}1${close.repeat(20_000)}`);
    expect(depthOf(value)).toBe(MAX_JSON_DEPTH);
    expect(changed).toBe(true);
    expect(JSON.stringify(value)).toContain("[nested too deeply]");
  });

  it("keeps a depth of exactly 100", () => {
    expect(clean(`${"[".repeat(100)}${"]".repeat(100)}`).changed).toBe(false);
  });

  it("ends early in a body of millions of values", () => {
    const { value, changed } = clean(`[${"0,".repeat(2_000_000)}0]`);
    expect(value).toHaveLength(1_000_000);
    expect((value as unknown[]).at(-1)).toBe("[too many values]");
    expect(changed).toBe(true);
  });

  it("takes a text of megabytes", () => {
    const { value } = cleanJson("x\0".repeat(1_000_000));
    expect(value === "x\u2400".repeat(1_000_000)).toBe(true);
  });

  it("shows every text and key to mapText once it is clean", () => {
    const { value } = cleanJson({ "a\0": ["b\ud800", 1] }, (text) => `<${text}>`);
    expect(value).toEqual({ "<a\u2400>": ["<b\ufffd>", 1] });
  });

  it("never throws on what is not JSON", () => {
    const cycle: { self?: unknown } = {};
    cycle.self = [cycle, cycle];
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no");
        },
      },
    );
    for (const odd of [
      cycle,
      trap,
      {
        get a() {
          throw new Error("no");
        },
      },
      10n ** 400n,
      Symbol("s"),
      () => 1,
      undefined,
    ]) {
      expect(isStorable(cleanJson(odd).value)).toBe(true);
    }
  });

  it("gives only what can be stored, whatever it is given, and changes that no more", () => {
    const anyText = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });
    const anyNumber = fc.oneof(fc.double(), fc.constantFrom(Infinity, -Infinity, NaN, -0));
    const key = fc.oneof(anyText, fc.constantFrom("__proto__", "constructor", "toString", "a\0"));
    const { value: json } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        anyText,
        anyNumber,
        fc.boolean(),
        fc.constant(null),
        tie("list"),
        tie("record"),
      ),
      list: fc.array(tie("value"), { maxLength: 5 }),
      record: fc
        .array(fc.tuple(key, tie("value")), { maxLength: 5 })
        .map((entries) => Object.fromEntries(entries)),
    }));
    fc.assert(
      fc.property(
        fc.oneof(
          json,
          fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        ),
        (raw) => {
          const { value } = cleanJson(raw);
          expect(isStorable(value)).toBe(true);
          expect(depthOf(value)).toBeLessThanOrEqual(MAX_JSON_DEPTH);
          expect(JSON.parse(JSON.stringify(value))).toEqual(value);
          expect(cleanJson(value)).toEqual({ value, changed: false });
        },
      ),
    );
  });
});

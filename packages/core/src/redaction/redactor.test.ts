import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedactor } from "./redactor.ts";
import type { Secret } from "./redactor.ts";
import { secretForms } from "./secret-forms.ts";

const KEY = 'sk-ant-api03-a/b+c"d\\é_01234567';

function redact(text: string, ...values: string[]): string {
  return createRedactor(values.map((value, i) => ({ name: `S${i}`, value }))).redactor.redactText(text);
}

/** What the redactor promises, said in the slowest way: every match, overlapping ones as one. */
function slowRedact(text: string, secrets: readonly Secret[]): string {
  const forms = secrets.flatMap(({ name, value }) => secretForms(value).map((form) => ({ name, form })));
  let out = "";
  let end = 0;
  for (let at = 0; at < text.length; at += 1) {
    const here = forms.filter(({ form }) => text.startsWith(form, at));
    const longest = here.toSorted((a, b) => b.form.length - a.form.length)[0];
    if (longest && at >= end) out += `[redacted:${longest.name}]`;
    if (longest) end = Math.max(end, at + longest.form.length);
    if (at >= end) out += text[at];
  }
  return out;
}

/** Few letters and shared pieces: secrets that nest, overlap and begin alike. */
const secretValue = fc
  .array(fc.constantFrom("ab", "ba", "abab", "aabb", "/+", "\n", '"', "é", "x"), {
    minLength: 6,
    maxLength: 12,
  })
  .map((parts) => parts.join(""))
  .filter((value) => value.trim().length >= 8);
const secretSet = fc
  .uniqueArray(secretValue, { minLength: 1, maxLength: 4, selector: (value) => value.trim() })
  .map((values) => values.map((value, i) => ({ name: `N${i}`, value })));
const scene = secretSet.chain((secrets) => {
  const forms = secrets.flatMap(({ value }) => secretForms(value.trim()));
  const fragment = fc.oneof(
    fc.constantFrom(...forms),
    fc
      .tuple(fc.constantFrom(...forms), fc.nat(30), fc.nat(30))
      .map(([form, from, to]) => form.slice(from, to)),
    fc.constantFrom("ab", "b", " ", "\r\n", "😀", "x"),
  );
  const text = fc.array(fragment, { maxLength: 20 }).map((parts) => parts.join(""));
  return fc.record({ secrets: fc.constant(secrets), text, cuts: fc.array(fc.nat(400), { maxLength: 12 }) });
});

function inPieces(secrets: readonly Secret[], text: string, cuts: readonly number[]): string {
  const stream = createRedactor(secrets).redactor.stream();
  let out = "";
  let at = 0;
  for (const cut of cuts.map((c) => Math.min(c, text.length)).toSorted((a, b) => a - b)) {
    out += stream.push(text.slice(at, cut));
    at = cut;
  }
  return out + stream.push(text.slice(at)) + stream.end();
}

describe("createRedactor", () => {
  it.each([
    ["as it is", KEY],
    ["with a suffix", `${KEY}tail`],
    ["in JSON", JSON.stringify({ key: KEY })],
    ["in JSON within JSON", JSON.stringify({ text: JSON.stringify({ key: KEY }) })],
    ["in JSON of plain ASCII", JSON.stringify(KEY).replaceAll("é", "\\u00e9")],
    ["in JSON with escaped slashes", JSON.stringify(KEY).replaceAll("/", "\\/")],
    ["in a URL", `https://x.example/?key=${encodeURIComponent(KEY)}&y=1`],
    ["in a URL with small letters", encodeURIComponent(KEY).replaceAll(/%../g, (code) => code.toLowerCase())],
    ["in a form", new URLSearchParams({ key: KEY }).toString()],
    ["in hex", Buffer.from(KEY).toString("hex")],
    ["in hex with large letters", Buffer.from(KEY).toString("hex").toUpperCase()],
    ["in base64", Buffer.from(KEY).toString("base64")],
    ["in base64 one byte on", Buffer.from(`:${KEY}\n`).toString("base64")],
    ["in base64 two bytes on", Buffer.from(`u:${KEY} more`).toString("base64")],
    ["in base64 for URLs", Buffer.from(`user${KEY}`).toString("base64url")],
  ])("hides a secret %s", (_, text) => {
    const out = redact(text, KEY);
    expect(out).toContain("[redacted:S0]");
    for (const form of secretForms(KEY)) expect(out).not.toContain(form);
  });

  it("leaves everything else as it is", () => {
    expect(redact("nothing here: sk-ant-api03-\u0000 é 😀", KEY)).toBe(
      "nothing here: sk-ant-api03-\u0000 é 😀",
    );
    expect(createRedactor([]).redactor.redactText("anything")).toBe("anything");
  });

  it("hides what overlaps as one, and the longer of two that begin alike", () => {
    expect(redact("<abcdefghij>", "abcdefgh", "cdefghij")).toBe("<[redacted:S0]>");
    expect(redact("<abcdefghij>", "abcdefgh", "abcdefghij")).toBe("<[redacted:S1]>");
    expect(redact("abcdefghabcdefgh", "abcdefgh")).toBe("[redacted:S0][redacted:S0]");
  });

  it("hides a key of many lines with any line ending, and its longer lines one by one", () => {
    const key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nend\n";
    expect(redact(key.trim().replaceAll("\n", "\r\n"), key)).toBe("[redacted:S0]");
    expect(redact("    2→MIIEvQIBADANBgkqhkiG\n    3→end", key)).toBe("    2→[redacted:S0]\n    3→end");
  });

  it("refuses secrets too short to hide and goes on hiding the others", () => {
    const { redactor, refused } = createRedactor([
      { name: "PIN", value: " 1234567\n" },
      { name: "KEY", value: "12345678" },
    ]);
    expect(refused).toEqual([{ name: "PIN", reason: "too_short" }]);
    expect(redactor.redactText("pin 1234567, key 12345678")).toBe("pin 1234567, key [redacted:KEY]");
  });

  it("shows no name that would give a secret away", () => {
    const { redactor } = createRedactor([
      { name: "hunter2hunter2", value: "hunter2hunter2" },
      { name: "B", value: "redacted:" },
    ]);
    expect(redactor.redactText("hunter2hunter2 redacted:")).toBe("[***] [***]");
  });

  it("hides secrets in the keys and values of JSON", () => {
    const { redactor } = createRedactor([{ name: "S", value: KEY }]);
    expect(redactor.redactJson({ [KEY]: [KEY, 1, null, { a: `x${KEY}` }] })).toEqual({
      "[redacted:S]": ["[redacted:S]", 1, null, { a: "x[redacted:S]" }],
    });
  });

  it("gives in a stream at once what cannot become a secret", () => {
    const stream = createRedactor([{ name: "S", value: "abcdefgh" }]).redactor.stream();
    expect([
      stream.push("hello abc"),
      stream.push("d"),
      stream.push("x"),
      stream.push("abcdefg"),
      stream.end(),
    ]).toEqual(["hello ", "", "abcdx", "", "abcdefg"]);
  });

  it("keeps no more than one secret's length back, however long the secret repeats itself", () => {
    const stream = createRedactor([{ name: "S", value: "aaaaaaaa" }]).redactor.stream();
    let out = "";
    for (let i = 0; i < 10_000; i += 1) out += stream.push("aaaa");
    expect(out + stream.end()).toBe("[redacted:S]");
  });

  it("gives the same for every way to cut a text, and it is what the slow way gives", () => {
    fc.assert(
      fc.property(scene, ({ secrets, text, cuts }) => {
        const trimmed = secrets.map(({ name, value }) => ({ name, value: value.trim() }));
        const whole = createRedactor(secrets).redactor.redactText(text);
        expect(whole).toBe(slowRedact(text, trimmed));
        expect(inPieces(secrets, text, cuts)).toBe(whole);
        expect(
          inPieces(
            secrets,
            text,
            Array.from(text, (_, at) => at),
          ),
        ).toBe(whole);
        for (const form of trimmed.flatMap(({ value }) => secretForms(value)))
          expect(whole).not.toContain(form);
      }),
      { numRuns: 600 },
    );
  });

  it("reads more than 200 MB a second", () => {
    const secrets = Array.from({ length: 20 }, (_, i) => ({
      name: `S${i}`,
      value: `sk-${i}/${"0123456789abcdef".repeat(4)}+${i * 7919}`,
    }));
    const { redactor } = createRedactor(secrets);
    const text = '2026-11-21T03:00:00Z info src/thing.ts:42 built "foo" in 12 ms {"cache":true}\n'.repeat(
      200_000,
    );
    const rates = Array.from({ length: 5 }, () => {
      const startedAt = performance.now();
      expect(redactor.redactText(text)).toHaveLength(text.length);
      return text.length / 1000 / (performance.now() - startedAt);
    });
    expect(Math.max(...rates)).toBeGreaterThan(200);
  });
});

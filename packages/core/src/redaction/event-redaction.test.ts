import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventRedaction } from "./event-redaction.ts";
import { createRedactor } from "./redactor.ts";
import type { Secret } from "./redactor.ts";
import { secretForms } from "./secret-forms.ts";

const SECRET = "sk-test-0123456789";

const redaction = (...values: string[]) =>
  createEventRedaction(createRedactor(values.map((value, i) => ({ name: `S${i}`, value }))).redactor);
const delta = (text: string, messageId = "m1") => ({ type: "text_delta", data: { messageId, text } });
const log = (text: string, truncated = false) => ({
  type: "log",
  data: { stream: "stdout", text, ...(truncated ? { truncated } : {}) },
});

function shownOf(
  redact: ReturnType<typeof createEventRedaction>,
  events: readonly { type: string; data: Record<string, string | boolean> }[],
): string[] {
  return events.map((event) => {
    const { text } = redact.redact(event).data;
    return typeof text === "string" ? text : "";
  });
}

/** Few letters and shared pieces: secrets that nest, overlap and begin alike. */
const secretValue = fc
  .array(fc.constantFrom("ab", "ba", "abab", "aabb", "/+", "\n", '"', "é", "x"), {
    minLength: 6,
    maxLength: 12,
  })
  .map((parts) => parts.join("").trim())
  .filter((value) => value.length >= 8);
const scene = fc
  .uniqueArray(secretValue, { minLength: 1, maxLength: 4 })
  .map((values): Secret[] => values.map((value, i) => ({ name: `N${i}`, value })))
  .chain((secrets) => {
    const forms = secrets.flatMap(({ value }) => secretForms(value));
    const fragment = fc.oneof(
      fc.constantFrom(...forms),
      fc
        .tuple(fc.constantFrom(...forms), fc.nat(30), fc.nat(30))
        .map(([form, from, to]) => form.slice(from, to)),
      fc.constantFrom("ab", "b", " ", "\r\n", "x"),
    );
    return fc.record({
      secrets: fc.constant(secrets),
      text: fc.array(fragment, { maxLength: 20 }).map((parts) => parts.join("")),
      cuts: fc.array(fc.nat(400), { maxLength: 12 }),
      lines: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
    });
  });

function cutAt(text: string, cuts: readonly number[]): string[] {
  const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)), text.length].toSorted((a, b) => a - b);
  return at.slice(1).map((end, i) => text.slice(at[i], end));
}

const everywhere = (text: string): number[] => Array.from({ length: text.length }, (_, at) => at);

describe("redaction over several events", () => {
  it.each([
    ["in its middle", ["key: sk-test-01", "23456789 end"], ["key: [redacted:S0]", " end"]],
    ["before its eighth character", ["key: sk-te", "st-0123456789 end"], ["key: sk-te", "[redacted:S0] end"]],
    ["before its last character", ["sk-test-012345678", "9"], ["[redacted:S0]", ""]],
    ["twice", ["sk-test-", "01234", "56789!"], ["[redacted:S0]", "", "!"]],
    ["around nothing", ["sk-test-", "", "0123456789"], ["[redacted:S0]", "", ""]],
    ["and never ends", ["sk-test-01", "something else"], ["[redacted:S0]", "something else"]],
  ])("hides a secret that is cut %s", (_, pieces, shown) => {
    expect(
      shownOf(
        redaction(SECRET),
        pieces.map((text) => delta(text)),
      ),
    ).toEqual(shown);
  });

  it("hides one that comes a character at a time, but for its first seven", () => {
    const shown = shownOf(
      redaction(SECRET),
      `a ${SECRET} b`.split("").map((text) => delta(text)),
    );
    expect(shown.join("")).toBe("a sk-test[redacted:S0] b");
  });

  it("keeps streams apart", () => {
    const shown = shownOf(redaction(SECRET), [
      delta("sk-test-01"),
      delta("23456789", "m2"),
      { type: "thinking", data: { messageId: "m1", text: "23456789" } },
      delta("23456789"),
    ]);
    expect(shown).toEqual(["[redacted:S0]", "23456789", "23456789", ""]);
  });

  it("hides what goes on in the next log event, with or without a line's end between", () => {
    const key = "BEGINKEY\nsecondline";
    expect(shownOf(redaction(key), [log("x BEGINKEY"), log("secondline y")])).toEqual([
      "x [redacted:S0]",
      " y",
    ]);
    expect(shownOf(redaction(SECRET), [log("sk-test-01", true), log("23456789 y")])).toEqual([
      "[redacted:S0]",
      " y",
    ]);
    expect(shownOf(redaction(SECRET), [log("sk-test-01"), log("23456789 y")])).toEqual([
      "[redacted:S0]",
      " y",
    ]);
  });

  it("hides secrets anywhere in other events, each by itself", () => {
    const event = {
      type: "tool_start",
      data: { id: SECRET, name: "Bash", input: { [SECRET]: [SECRET, 1, null] }, text: "sk-test-01" },
    };
    expect(redaction(SECRET).redact(event)).toEqual({
      type: "tool_start",
      data: {
        id: "[redacted:S0]",
        name: "Bash",
        input: { "[redacted:S0]": ["[redacted:S0]", 1, null] },
        text: "sk-test-01",
      },
    });
    expect(redaction().redact(event)).toEqual(event);
  });

  it("begins again where it was when events were not kept", () => {
    const kept = redaction(SECRET);
    kept.redact(delta("sk-test-01"));
    const lost = kept.fork();
    expect(shownOf(lost, [delta("2345"), delta("6789")])).toEqual(["", ""]);
    expect(shownOf(kept.fork(), [delta("2345"), delta("6789")])).toEqual(["", ""]);
  });

  it("forgets the streams that said nothing for longest", () => {
    const many = redaction(SECRET);
    for (let i = 0; i < 65; i += 1) many.redact(delta("sk-test-01", `m${i}`));
    expect(
      shownOf(many, [delta("23456789", "m64"), delta("23456789", "m1"), delta("23456789", "m0")]),
    ).toEqual(["", "", "23456789"]);
  });

  it("never shows a secret in any spelling, wherever the text is cut", () => {
    fc.assert(
      fc.property(scene, ({ secrets, text, cuts }) => {
        const forms = secrets.flatMap(({ value }) => secretForms(value));
        for (const pieces of [cutAt(text, cuts), cutAt(text, everywhere(text))]) {
          const redact = createEventRedaction(createRedactor(secrets).redactor);
          const shown = shownOf(
            redact,
            pieces.map((piece) => delta(piece)),
          ).join("");
          for (const form of forms) expect(shown.includes(form) ? form : undefined).toBeUndefined();
        }
      }),
      { numRuns: 300 },
    );
  });

  it("never shows one in a log, however its events are joined", () => {
    fc.assert(
      fc.property(scene, ({ secrets, text, cuts, lines }) => {
        const forms = secrets.flatMap(({ value }) => secretForms(value));
        const redact = createEventRedaction(createRedactor(secrets).redactor);
        const events = cutAt(text, cuts).map((piece, i) => log(piece, lines[i % lines.length] ?? false));
        const shown = shownOf(redact, events);
        const asLines = shown.map((piece, i) => (events[i]?.data.truncated === true ? piece : `${piece}\n`));
        for (const form of forms) {
          expect(shown.join("").includes(form) ? form : undefined).toBeUndefined();
          expect(asLines.join("").includes(form) ? form : undefined).toBeUndefined();
        }
      }),
      { numRuns: 300 },
    );
  });

  it("leaves a text that holds nothing of a secret as it is", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (pieces) => {
        expect(
          shownOf(
            redaction("~~~~~~~~~~"),
            pieces.map((piece) => delta(piece)),
          ),
        ).toEqual(pieces);
      }),
    );
  });
});

import { PassThrough } from "node:stream";
import { duplexPair } from "node:stream";
import { text } from "node:stream/consumers";
import { encodeTerminalFrame, encodeTerminalJson } from "@agency/contract";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attachTerminal } from "./attach.ts";
import { HarmlessOutput } from "./harmless.ts";

const shown = (bytes: Uint8Array, cuts: readonly number[] = []): Uint8Array => {
  const harmless = new HarmlessOutput();
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return Buffer.concat(at.map((from, i) => harmless.push(bytes.subarray(from, at[i + 1] ?? bytes.length))));
};
const latin1 = (bytes: string): string => Buffer.from(shown(Buffer.from(bytes, "latin1"))).toString("latin1");

/**
 * What a terminal would do: the state machine of the VT500 as in Williams' diagram, of the kind that obeys C1 in UTF-8,
 * runs controls inside of sequences, and takes an ESC in a string for a new sequence.
 */
function acts(bytes: Uint8Array): string[] {
  const done: string[] = [];
  let [state, held] = ["ground", ""];
  const to = (next: string): void => void ([state, held] = [next, ""]);
  const endString = (): void => {
    if (state === "osc" || state === "other") done.push(`${state} ${held}`);
  };
  for (const unit of Buffer.from(bytes).toString("utf8")) {
    const code = unit.codePointAt(0) ?? 0;
    const inString = state === "osc" || state === "other";
    if (code >= 0x80 && code < 0xa0) {
      endString();
      done.push(`c1 ${code}`);
      to(
        { 0x9b: "csi", 0x9d: "osc", 0x90: "other", 0x98: "other", 0x9e: "other", 0x9f: "other" }[code] ??
          "ground",
      );
    } else if (code === 0x1b) {
      endString();
      to("esc");
    } else if (code === 0x18 || code === 0x1a) to("ground");
    else if (code === 7 && state === "osc") {
      endString();
      to("ground");
    } else if (code === 5) done.push("enq");
    else if (inString) held += unit;
    else if (code < 0x20 || code === 0x7f) continue;
    else if (state === "esc") {
      held += unit;
      if (code < 0x30) continue;
      const next = { "[": "csi", "]": "osc", P: "other", X: "other", "^": "other", _: "other" }[held];
      if (next === undefined) done.push(`esc ${held}`);
      to(next ?? "ground");
    } else if (state === "csi") {
      held += unit;
      if (code < 0x40) continue;
      done.push(`csi ${held}`);
      to("ground");
    }
  }
  return done;
}

const HARMFUL = [
  /^enq/,
  /^c1/,
  /^other/,
  /^osc (?![02];)/,
  /^esc (?:.*Z|k|%.*)$/,
  /^csi .*[cnixy]$/,
  /^csi (?!0*2[23](?:;[0-9]*)*t$).*t$/,
  /^csi .*[$&"#'*].*[pquwxyzvS|R]$/,
  /^csi >.*q$/,
  /^csi \?.*[uSmg]$/,
  /^csi \?(?:.*;)?0*(?:2048|2031)(?:;.*)?h$/,
];

const ATTACKS = [
  "\x1b]0;x\x1b]52;c;YQ==\x07",
  "\x1b\0]52;c;YQ==\x07",
  "\x1b\0[c",
  "\x1b[18\x07t",
  "\x1b[018t",
  "\xc2\x9d52;c;YQ==\x07",
  "\x9d52;c;YQ==\x07",
  "\x1b]0;\xc2\x9c\x1b\x1b]52;c;YQ==\x1b\\",
  "\x1b]0;a\x18\x1b]52;c;YQ==\x07",
  "\x1b]52;c;YQ==\x1b\\",
  "\x1bP+q544e\x1b\\",
  "\x1b%@\x1b[5i",
  "\x1b[?2048h",
  "\x1b[?1;1;0S",
  "\x1b[1;1;1;1;1;1*y",
  "\x1b[?u",
  "\x1bZ",
  "\x05",
];

describe("what a sandbox writes to a terminal", () => {
  it.each(ATTACKS)("has no effect on the person's side: %j", (attack) => {
    const bytes = Buffer.from(`a${attack}z`, "latin1");
    const left = acts(shown(bytes)).filter((act) => HARMFUL.some((harmful) => harmful.test(act)));
    expect(left).toEqual([]);
  });

  it("has none however it is put together and cut", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...ATTACKS,
        "\x1b",
        "[",
        "]",
        "52;c;x",
        "0;x",
        "2;",
        "\x07",
        "\x1b\\",
        "\0",
        "\x18",
        "\xc2",
      ),
      fc.constantFrom(
        "\x9d",
        "\x9c",
        "?",
        "18",
        "t",
        "c",
        "6n",
        ";",
        "$",
        " ",
        "\xe2\x82",
        "\xe0\x82\x9b",
        "\x7f",
      ),
      fc.string({
        unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
        maxLength: 4,
      }),
    );
    const cuts = fc.array(fc.nat(200), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 16 }), cuts, (pieces, where) => {
        const bytes = Buffer.from(pieces.join(""), "latin1");
        const out = shown(bytes, where);
        expect(acts(out).filter((act) => HARMFUL.some((harmful) => harmful.test(act)))).toEqual([]);
        expect(Buffer.from(shown(bytes)).equals(Buffer.from(out))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it("keeps text, colours, cursor, modes of editors and titles", () => {
    const honest = [
      "grün 🦆\r\n\tx\x08",
      "\x1b[1;38;2;1;2;3mred\x1b[0m\x1b[4:3m",
      "\x1b[H\x1b[2J\x1b[10;20H\x1b[K\x1b7\x1b8\x1bM\x1b(0lqk\x1b(B\x1b=\x1b>",
      "\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[22;0;0t\x1b[23;0;0t\x1b[2 q\x1b[>4;2m\x1b[!p\x1b[?1049l",
      "\x1b]0;root@sandbox: ~/ü\x07\x1b]2;vim\x07",
    ].join("");
    const bytes = Buffer.from(honest);
    expect(Buffer.from(shown(bytes, [1, 2, 7, 30, 31, 70])).toString()).toBe(honest);
    expect(latin1("\x1b]2;a\x1b\\b")).toBe("\x1b]2;a\x07b");
  });

  it("goes on after a string that is too long, and shows what is no UTF-8 as a terminal would", () => {
    expect(latin1(`a\x1b]0;${"x".repeat(1e5)}\x07b`)).toBe("ab");
    expect(latin1(`a\x1b[${"1".repeat(5000)}mb`)).toMatch(/^a1+mb$/);
    expect(Buffer.from(shown(Buffer.from("a\xe4\x1b[mb", "latin1"))).toString()).toBe("a\ufffd\x1b[mb");
  });
});

describe("a shell without a terminal inside", () => {
  it.each([
    ["output", true],
    ["errorOutput", true],
    ["output", false],
    ["errorOutput", false],
  ] as const)("is filtered where its %s is on a screen: %s", async (stream, isTTY) => {
    const [near, far] = duplexPair();
    const [output, errorOutput] = [new PassThrough(), new PassThrough()];
    Object.assign(stream === "output" ? output : errorOutput, { isTTY });
    const ends = {
      input: new PassThrough(),
      output,
      errorOutput,
      size: null,
      onResize: () => () => undefined,
    };
    const done = attachTerminal(near, ends, "cat");
    far.write(encodeTerminalFrame(stream, Buffer.from("a\x1b]52;c;YQ==\x07b")));
    far.write(encodeTerminalJson("exit", { code: 0 }));
    expect(await done).toBe(0);
    output.end();
    errorOutput.end();
    expect(await text(stream === "output" ? output : errorOutput)).toBe(
      isTTY ? "ab" : "a\x1b]52;c;YQ==\x07b",
    );
  });
});

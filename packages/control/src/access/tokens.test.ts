import { describe, expect, it } from "vitest";
import { createTokens } from "./tokens.ts";

const attempt = "01a1fc53-118c-7da2-b70b-964436bafa77";
const kinds = ["boot", "uplink", "anthropic", "openai"] as const;
const tokens = createTokens(new Uint8Array(32));

describe("a token of an attempt", () => {
  it.each([
    ["boot", /^agb_/],
    ["uplink", /^agu_/],
    ["anthropic", /^sk-ant-agency_/],
    ["openai", /^sk-agency_/],
  ] as const)("of the kind %s looks like one and names its attempt", (kind, form) => {
    const token = tokens.issue(kind, attempt);
    expect(token).toMatch(form);
    expect(tokens.check(kind, token)).toBe(attempt);
  });

  it("opens nothing but what it was made for, even in the dress of another kind", () => {
    for (const made of kinds) {
      for (const other of kinds.filter((kind) => kind !== made)) {
        expect(tokens.check(other, tokens.issue(made, attempt))).toBeNull();
        const [prefix = ""] = tokens.issue(other, attempt).split("_");
        const dressed = tokens.issue(made, attempt).replace(/^[^_]+/, prefix);
        expect(tokens.check(other, dressed)).toBeNull();
      }
    }
  });

  it("is nobody else's: of another attempt, of another instance, or nearly right", () => {
    const token = tokens.issue("openai", attempt);
    const last = token.endsWith("0") ? "1" : "0";
    const other = "11111111-118c-7da2-b70b-964436bafa77";
    const wrong = [
      token.slice(0, -1) + last,
      token.replace(attempt, other),
      createTokens(new Uint8Array(32).fill(1)).issue("openai", attempt),
      ` ${token}`,
      `${token}\n`,
      token.toUpperCase(),
      "",
    ];
    for (const value of wrong) expect(tokens.check("openai", value)).toBeNull();
  });
});

import { describe, expect, it } from "vitest";
import { foreignCode, foreignLine, foreignMarkdown } from "./foreign-text.ts";

const markdown = (text: string) => foreignMarkdown(text, 10_000);
/** What a host reads as the mention of somebody. */
const MENTION = /@[\w&]/;

describe("an agent's Markdown", () => {
  it.each([
    "thanks @octocat",
    "(@org/team)",
    "`@dependabot merge`",
    "```\n@dependabot merge\n```",
    "\\@octocat",
    "@@octocat",
    "mail me@example.com",
    "@\u200Boctocat",
    "@\u0000octocat",
    "@&fjlig;ord",
  ])("mentions nobody: %j", (text) => {
    expect(markdown(text)).not.toMatch(MENTION);
    expect(foreignLine(text, 200)).not.toMatch(MENTION);
    expect(foreignCode(text, 200)).not.toMatch(MENTION);
  });

  it.each(["&#64;octocat", "&#x40;octocat", "&#00064octocat", "&commat;octocat", "&COMMAT;octocat"])(
    "writes no @ as %s",
    (text) => {
      expect(markdown(text)).toBe(`&amp;${text.slice(1)}`);
    },
  );

  it.each([
    ["/merge", "\\/merge"],
    ["ok\n/assign me\nok", "ok\n\\/assign me\nok"],
    ["ok\r/approve", "ok\n\\/approve"],
    ["> /lgtm", "> \\/lgtm"],
    ["a\u2028/merge", "a/merge"],
  ])("gives no command: %j", (text, shown) => {
    expect(markdown(text)).toBe(shown);
  });

  it.each([
    ["![x](https://evil.example/?q=1)", "[x](https://evil.example/?q=1)"],
    ["!![x](https://evil.example)", "[x](https://evil.example)"],
    ["!\u200D[x][y]", "[x][y]"],
    ['<IMG src="https://evil.example">', '&lt;IMG src="https://evil.example">'],
    ["<video src=x>", "&lt;video src=x>"],
    ["<!-- for the next bot -->", "&lt;!-- for the next bot -->"],
  ])("loads no picture and hides nothing: %j", (text, shown) => {
    expect(markdown(text)).toBe(shown);
  });

  it("shows nothing that reorders, hides or smuggles text", () => {
    expect(markdown("a\u202Eb\u0007c\u{E0041}d\uD800")).toBe("abcd\uFFFD");
  });

  it("stays as it is otherwise", () => {
    const text = "## Done\n\n- `Map<string, number>` in a && b\n\n\t<details>x</details> src/a.ts 1/2";
    expect(markdown(text)).toBe(text);
  });

  it("has a limit, and is read in one go however it is made", () => {
    expect(foreignMarkdown("x".repeat(100), 10)).toBe("xxxxxxxxx…");
    expect(foreignMarkdown("\n".repeat(4_000_000), 1_000_000)).toBe("");
    expect(foreignMarkdown(" ".repeat(400_000) + "x", 100_000)).toBe("");
    expect(foreignMarkdown("!".repeat(400_000), 100_000)).toHaveLength(100_000);
  });
});

it("makes a title of one line", () => {
  expect(foreignLine("  Fix\n\tthe \u0000 thing  ", 200)).toBe("Fix the thing");
  expect(foreignLine("x".repeat(300), 200)).toHaveLength(200);
});

it("makes code that no backtick ends", () => {
  expect(foreignCode("npm test `whoami`\n<img>", 200)).toBe("`npm test 'whoami' <img>`");
});

import { describe, expect, it } from "vitest";
import { parseInline, parseMarkdown } from "./markdown.ts";
import type { Inline } from "./markdown.ts";

describe("markdown", () => {
  it("reads the blocks that agents write", () => {
    const blocks = parseMarkdown(
      "# Title\n\nSome *text*\nin lines.\n\n- a\n- [x] b\n  more\n\n1. one\n2. two\n\n> quote\n\n```ts\nconst a = `<b>`;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n",
    );
    expect(blocks.map((block) => block.kind)).toEqual([
      "heading",
      "paragraph",
      "list",
      "list",
      "quote",
      "code",
      "table",
      "rule",
    ]);
    expect(blocks[2]).toMatchObject({ ordered: false, items: [{ checked: null }, { checked: true }] });
    expect(blocks[5]).toEqual({ kind: "code", language: "ts", text: "const a = `<b>`;" });
  });

  it.each([
    ["# a ##", 1, "a"],
    ["## a#", 2, "a#"],
    ["  ###   a # b  ", 3, "a # b"],
  ])("reads the heading %j", (line, level, text) => {
    expect(parseMarkdown(line)).toEqual([{ kind: "heading", level, children: [{ kind: "text", text }] }]);
  });

  it.each(["|---|", "--|--", " | :-: | -: |  ", "|-|-"])("takes %j for the rule of a table", (rule) => {
    expect(parseMarkdown(`a | b\n${rule}\n1 | 2`)).toMatchObject([{ kind: "table" }]);
  });

  it.each(["", "|", "| a |", "--|x", "- -|-"])("does not take %j for the rule of a table", (rule) => {
    expect(parseMarkdown(`a | b\n${rule}\n1 | 2`).map((block) => block.kind)).not.toContain("table");
  });

  it("does not take backticks within a line for a fence", () => {
    expect(parseMarkdown("```a` b")).toMatchObject([{ kind: "paragraph" }]);
    expect(parseMarkdown("~~~ c++ title\nx\n~~~")).toEqual([{ kind: "code", language: "c++", text: "x" }]);
  });

  it("shows what is too long to be read as it is, and leaves nothing out", () => {
    const [first, rest] = parseMarkdown(`${"a".repeat(400_000)}*rest*`);
    expect(first).toMatchObject({ kind: "paragraph" });
    expect(rest).toEqual({ kind: "code", language: "", text: "*rest*" });
  });

  it.each([
    ["a fence's language", `~~~${"a".repeat(200_000)}\``],
    ["a fence's spaces", `~~~${" ".repeat(200_000)}\``],
    ["a fence's marks", `${"`".repeat(200_000)}a\``],
    ["a heading's spaces", `# ${" ".repeat(200_000)}x`],
    ["a heading's marks", `# ${" #".repeat(100_000)}x`],
    ["a heading's words", `# ${"a ".repeat(100_000)}`],
    ["a table's spaces", `a|b\n-${" ".repeat(200_000)}x`],
    ["a table's cells", `a|b\n${"-|".repeat(100_000)}x`],
    ["a table's dashes", `a|b\n${"-".repeat(200_000)}x`],
    ["a rule", `${"- ".repeat(100_000)}x`],
    ["a rule's spaces", `-${" ".repeat(200_000)}x`],
    ["an item's indent", `-${" ".repeat(100_000)}x\n${" ".repeat(100_000)}y`],
    ["the end of addresses", `http://a${"!".repeat(1_900)}a `.repeat(100)],
  ])("reads 200 KB of %s in linear time", (_, text) => {
    const began = performance.now();
    parseMarkdown(text);
    expect(performance.now() - began).toBeLessThan(200);
  });

  it("keeps an unfinished fence, as it comes while a model types", () => {
    expect(parseMarkdown("text\n```js\nlet a")).toMatchObject([
      { kind: "paragraph" },
      { kind: "code", text: "let a" },
    ]);
  });

  it("reads emphasis, code and links", () => {
    expect(parseInline("a **b** `c*d*` _e_ [f](https://g.example/h) snake_case_name")).toEqual([
      { kind: "text", text: "a " },
      { kind: "strong", children: [{ kind: "text", text: "b" }] },
      { kind: "text", text: " " },
      { kind: "code", text: "c*d*" },
      { kind: "text", text: " " },
      { kind: "em", children: [{ kind: "text", text: "e" }] },
      { kind: "text", text: " " },
      {
        kind: "link",
        href: "https://g.example/h",
        host: "g.example",
        children: [{ kind: "text", text: "f" }],
      },
      { kind: "text", text: " snake_case_name" },
    ]);
  });

  it.each([
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    "[x](//evil.example)",
    "[x](/v1/tasks)",
    "[x](https://user:pw@evil.example/)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](javascript:alert(1))",
    "[x](java\tscript:alert(1))",
  ])("makes nothing but text of %s", (text) => {
    expect(kinds(parseInline(text)).filter((kind) => kind === "link")).toEqual([]);
  });

  it("makes a link of a picture, so that nothing is loaded", () => {
    expect(kinds(parseInline("![x](https://evil.example/p.png)"))).toEqual(["link", "text"]);
  });

  it.each(["*", "_", "`", "[", "![](", "> ", "- ", "|", "~~", "**a", "](", "http://"])(
    "is quick about 20,000 times %j",
    (piece) => {
      const began = performance.now();
      parseMarkdown(piece.repeat(20_000));
      expect(performance.now() - began).toBeLessThan(2_000);
    },
  );
});

function kinds(nodes: Inline[]): string[] {
  return nodes.flatMap((node) =>
    ["children" in node ? kinds(node.children) : [], node.kind].flat().reverse(),
  );
}

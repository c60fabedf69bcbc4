import { describe, expect, it } from "vitest";
import { readText } from "./read-text.ts";

async function* pieces(...texts: string[]) {
  for (const text of texts) yield new TextEncoder().encode(text);
}

describe("content as text", () => {
  it("is put together, and cut where it is too long", async () => {
    expect(await readText(pieces("ab", "cd"), 100)).toEqual({ text: "abcd", cut: false, binary: false });
    expect(await readText(pieces("ab", "cd", "ef"), 3)).toEqual({ text: "abc", cut: true, binary: false });
  });

  it("is not shown when it is none", async () => {
    expect(await readText(pieces("PNG\0x"), 100)).toMatchObject({ text: "", binary: true });
    expect(await readText(pieces("\x01\x02ab".repeat(1000)), 9000)).toMatchObject({ text: "", binary: true });
  });

  it("has lines wherever it was written; a return alone stays", async () => {
    expect(await readText(pieces("a\r", "\nb\r\nc\rd"), 100)).toMatchObject({ text: "a\nb\nc\rd" });
  });

  it("is shown with the controls that programs print, and with few others", async () => {
    for (const text of ["\x1b[1mx\b\r\t\f\n".repeat(100), `${"text ".repeat(10)}\x01`, ""])
      expect(await readText(pieces(text), 9000)).toEqual({ text, cut: false, binary: false });
  });
});

import { describe, expect, it } from "vitest";
import { cutText, toLines } from "./fit-event.ts";

const AT = "2030-01-01T00:00:00.000Z";
const parse = (line: string | undefined): { type: string; data: Record<string, unknown> } =>
  JSON.parse(line ?? "") as { type: string; data: Record<string, unknown> };

describe("an event on its way into the journal", () => {
  it("is one line as it stands", () => {
    const lines = toLines({ type: "text", data: { messageId: "m", text: "a\nb" } }, AT);
    expect(lines).toEqual([`{"at":"${AT}","type":"text","data":{"messageId":"m","text":"a\\nb"}}`]);
  });

  it("becomes several log events when it is long output, and loses nothing", () => {
    const text = `${"é😀".repeat(100_000)}end`;
    const lines = toLines({ type: "log", data: { stream: "stdout", text } }, AT);
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.map((line) => parse(line).data["text"]).join("")).toBe(text);
  });

  it("keeps the beginning of any other text that is too long", () => {
    const content = "x".repeat(2_000_000);
    const input = { file: "a.txt", content, deep: [{ content }] };
    const [line, ...more] = toLines(
      { type: "tool_start", data: { id: "1", name: "Write", kind: "edit", input } },
      AT,
    );
    expect(more).toEqual([]);
    expect(line?.length).toBeLessThan(100_000);
    const kept = parse(line).data["input"] as typeof input;
    expect(kept.file).toBe("a.txt");
    expect(kept.content).toMatch(/^x+… \[\d+ more characters\]$/);
  });

  it("is replaced by a notice when even that is too much", () => {
    const input = Array.from({ length: 400_000 }, () => "abc");
    const [line] = toLines({ type: "tool_start", data: { id: "1", name: "T", kind: "other", input } }, AT);
    expect(parse(line)).toMatchObject({ type: "notice", data: { level: "warn" } });
  });
});

describe("cutting text", () => {
  it("never parts a surrogate pair and always gets on", () => {
    expect(cutText("a😀b", 2)).toEqual(["a", "😀", "b"]);
    expect(cutText("", 5)).toEqual([]);
  });
});

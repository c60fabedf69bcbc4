import { describe, expect, it } from "vitest";
import { parseFileRequest } from "./file-request.ts";

describe("parseFileRequest", () => {
  it.each([
    ["also write NOTES.md", "NOTES.md"],
    ["Please create `docs/TODO.txt`, thanks.", "docs/TODO.txt"],
    ["could you add a file called plan.v2.md?", "plan.v2.md"],
  ])("understands %j", (message, path) => {
    expect(parseFileRequest(message)).toMatchObject({ path });
  });

  it("takes the content that is given, and else says why the file is there", () => {
    expect(parseFileRequest("write A.md with the moon is nice")?.text).toBe("the moon is nice\n");
    expect(parseFileRequest("write A.md now")?.text).toContain("write A.md now");
  });

  it.each([
    "hello",
    "A.md is what I would write",
    "write ../escape.md",
    "write /etc/passwd.txt",
    "write -",
    "make it quick.",
  ])("does not find a file it would write in %j", (message) => {
    expect(parseFileRequest(message)).toBeUndefined();
  });

  it("looks only at the beginning of a very long message", () => {
    expect(parseFileRequest(`${"x ".repeat(500_000)} write A.md`)).toBeUndefined();
  });
});

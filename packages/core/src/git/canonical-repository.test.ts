import { describe, expect, it } from "vitest";
import { canonicalPath, canonicalRepository } from "./canonical-repository.ts";

describe("the one name of a repository", () => {
  it.each([
    "https://github.com/octo/hello",
    "https://github.com/Octo/Hello",
    "https://GitHub.com/octo/hello.git",
    "https://github.com:443/octo/hello/",
    "https://github.com/octo/hello.git/",
  ])("is the same for every way to write one of GitHub: %s", (url) => {
    expect(canonicalRepository(url)).toBe("https://github.com/octo/hello");
  });

  it.each([
    "https://git.example/a/b",
    "https://git.example/A/b",
    "https://git.example/a/b.git",
    "http://git.example/a/b",
    "https://git.example:8443/a/b",
  ])("is another one for what another host may keep apart: %s", (url) => {
    expect(canonicalRepository(url)).toBe(url);
  });

  it("ignores what no host tells apart", () => {
    expect(canonicalRepository("HTTPS://Git.Example:443/a/b/")).toBe("https://git.example/a/b");
    expect(canonicalRepository("no address")).toBe("no address");
    expect([canonicalPath("github.com", "A/b"), canonicalPath("git.example", "A/b")]).toEqual(["a/b", "A/b"]);
  });
});

import { describe, expect, it } from "vitest";
import { shortRepository } from "./short-repository.ts";

describe("the short name of a repository", () => {
  it.each([
    ["https://github.com/owner/name.git", "owner/name"],
    ["https://git.example.com/group/sub/name/", "group/sub/name"],
    ["git@github.com:owner/name.git", "owner/name"],
    ["ssh://git@example.com:2222/owner/name", "owner/name"],
    ["/srv/repositories/name", "/srv/repositories/name"],
  ])("of %s is %s", (url, short) => {
    expect(shortRepository(url)).toBe(short);
  });
});

import { describe, expect, it } from "vitest";
import { presentedKey } from "./placeholder.ts";

describe("presentedKey", () => {
  it.each([
    ["x-api-key", { "x-api-key": "key" }, "key"],
    ["a bearer token", { authorization: "Bearer key" }, "key"],
    ["a bearer token in any case", { authorization: "bearer  key" }, "key"],
    ["both when they are the same", { "x-api-key": "key", authorization: "Bearer key" }, "key"],
    ["none", {}, null],
  ])("reads %s", (_, headers, key) => {
    expect(presentedKey(new Headers(headers as Record<string, string>))).toBe(key);
  });

  it.each([
    { "x-api-key": "key", authorization: "Bearer other" },
    { "x-api-key": "key", authorization: "Basic a2V5" },
    { authorization: "key" },
    { authorization: "Bearer key other" },
    { authorization: "Bearer " },
  ])("matches nothing for %j", (headers) => {
    expect(presentedKey(new Headers(headers as Record<string, string>))).toBe("");
  });

  it("takes two keys in two headers of one name for no key of ours", () => {
    const headers = new Headers([
      ["x-api-key", "key"],
      ["x-api-key", "other"],
    ]);
    expect(presentedKey(headers)).toBe("key, other");
  });
});

import { describe, expect, it } from "vitest";
import { writeOptionsProblem } from "./write-options.ts";

describe("writeOptionsProblem", () => {
  it.each([
    {},
    { bytes: 0, sha256: "0".repeat(64), mediaType: "text/plain; charset=utf-8" },
    { mediaType: "application/vnd.api+json" },
  ])("takes %j", (options) => {
    expect(writeOptionsProblem(options)).toBeNull();
  });

  it.each([
    { bytes: -1 },
    { bytes: 1.5 },
    { sha256: "F".repeat(64) },
    { sha256: "ab" },
    { mediaType: "text" },
    { mediaType: "text/plain\r\nx-evil: 1" },
    { mediaType: `${"a".repeat(61)}/b` },
  ])("refuses %j", (options) => {
    expect(writeOptionsProblem(options)).toMatch(/^The /);
  });
});

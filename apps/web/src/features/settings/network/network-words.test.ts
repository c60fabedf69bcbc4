import { describe, expect, it } from "vitest";
import { networkWords } from "./network-words.ts";

describe("the network of the server in words", () => {
  it("says what is set, and what holds when nothing is", () => {
    const set = [
      { name: "AGENCY_INTERNAL_HOSTS", value: "git.corp:8443", source: "env" },
      { name: "AGENCY_DNS", value: "none", source: "default" },
    ];
    const words = networkWords(set).join("\n");
    expect(words).toContain("internal hosts may be read: git.corp:8443");
    expect(words).toContain("name servers of this machine");
    expect(networkWords([]).join("\n")).toContain("No repository on an internal network");
  });
});

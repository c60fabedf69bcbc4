import { describe, expect, it } from "vitest";
import { filterOf, isNarrowed, readFleet } from "./fleet-search.ts";

const NOW = Date.parse("2026-03-10T12:34:56.789Z");

describe("the list of all runs", () => {
  it("keeps what it is narrowed to in the address, and nothing that is not known", () => {
    const read = readFleet({ view: "nonsense", q: 42, state: "alive", since: "year", engine: "", extra: 1 });
    expect(read).toEqual({ q: "42", state: "alive" });
    expect(readFleet({ ...read })).toEqual(read);
  });

  it("is not narrowed by another order or view", () => {
    expect(isNarrowed({ view: "spend", sort: "dearest" })).toBe(false);
    expect(isNarrowed({ since: "day" })).toBe(true);
  });

  it("asks for whole groups of states", () => {
    expect(filterOf({ state: "over" }, NOW).states).toEqual(["completed", "failed", "cancelled"]);
    expect(filterOf({ state: "alive" }, NOW).states).toContain("waiting");
    expect(filterOf({ state: "alive" }, NOW).states).not.toContain("failed");
    expect(filterOf({ state: "failed" }, NOW).states).toEqual(["failed"]);
  });

  it("asks for the same beginning throughout a minute", () => {
    expect(filterOf({ since: "day" }, NOW).createdAfter).toBe("2026-03-09T12:34:00.000Z");
    expect(filterOf({ since: "day" }, NOW + 3000)).toEqual(filterOf({ since: "day" }, NOW));
  });
});

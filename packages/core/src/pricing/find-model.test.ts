import { describe, expect, it } from "vitest";
import { findModel, maxOutputOf } from "./find-model.ts";
import { PRICE_TABLE } from "./price-table.ts";

describe("findModel", () => {
  it("prefers the longest id that fits, and takes none that only begins the same", () => {
    expect(findModel("gpt-5.1-codex-mini")?.id).toBe("gpt-5.1-codex-mini");
    expect(findModel("azure/openai/gpt-5.4-pro-2026-03-05")?.id).toBe("gpt-5.4-pro");
    expect(findModel("gpt-5x")).toBeUndefined();
    expect(findModel("gpt-5-search-api")).toBeUndefined();
  });

  it("has every id once, in small letters", () => {
    const ids = PRICE_TABLE.models.map((model) => model.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(ids.map((id) => id.toLowerCase()));
  });
});

describe("maxOutputOf", () => {
  it("is the model's own where that is known, and large where it is not", () => {
    expect(maxOutputOf("gpt-4.1-mini-2025-04-14")).toBe(32_768);
    expect(maxOutputOf("llama3.1:8b")).toBe(128_000);
    expect(maxOutputOf("claude-opus-4-5")).toBe(128_000);
  });
});

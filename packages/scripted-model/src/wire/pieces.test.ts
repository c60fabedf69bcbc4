import { describe, expect, it } from "vitest";
import { cutIntoPieces } from "./pieces.ts";

describe("cutIntoPieces", () => {
  it("loses nothing and makes several pieces", () => {
    const text = "a text of some length";
    expect(cutIntoPieces(text, undefined).join("")).toBe(text);
    expect(cutIntoPieces(text, undefined).length).toBeGreaterThan(3);
    expect(cutIntoPieces("", undefined)).toEqual([]);
  });

  it("keeps to the rhythm it is given", () => {
    expect(cutIntoPieces("abcdef", { chars: 4 })).toEqual(["abcd", "ef"]);
  });

  it("never cuts a character in two", () => {
    const pieces = cutIntoPieces("😀😀😀a😀", { chars: 1 });
    expect(pieces).toEqual(["😀", "😀", "😀", "a", "😀"]);
  });

  it("keeps pieces of a huge text small", () => {
    expect(Math.max(...cutIntoPieces("x".repeat(1_000_000), undefined).map((piece) => piece.length))).toBe(
      16_384,
    );
  });
});

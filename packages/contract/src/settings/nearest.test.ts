import { describe, expect, it } from "vitest";
import { nearest } from "./nearest.ts";

describe("nearest", () => {
  it.each([
    ["--engin", ["--engine", "--env", "--edit"], "--engine"],
    ["lgos", ["logs", "ls", "tell"], "logs"],
    ["RUN", ["run", "up"], "run"],
    ["xyzzy", ["run", "up"], null],
    ["x", [], null],
  ])("%s", (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected);
  });
});

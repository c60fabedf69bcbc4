import { expect, it } from "vitest";
import { logTail } from "./log-tail.ts";

it("shows of structured lines the sentence, of others the line, and only the last twenty", () => {
  const noise = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  const lines = logTail(
    [
      ...noise,
      '{"level":30,"msg":"Listening."}',
      '{"level":50,"msg":"The port is taken","err":{"message":"EADDRINUSE"}}',
      '{"level":60,"msg":"No bubblewrap.","next":"Install it."}',
      '{"level":30}',
      "null",
      "",
    ].join("\n"),
  );
  expect(lines).toHaveLength(20);
  expect(lines.slice(-5)).toEqual([
    "Listening.",
    "The port is taken: EADDRINUSE",
    "No bubblewrap. Install it.",
    '{"level":30}',
    "null",
  ]);
});

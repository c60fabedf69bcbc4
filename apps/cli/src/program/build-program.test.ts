import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { commands } from "../commands/index.ts";
import { createOutput } from "../output.ts";
import { parseAndRun } from "./build-program.ts";
import type { Given } from "./command.ts";

async function given(...argv: string[]): Promise<Given["options"]> {
  const sink = () => new Writable({ write: (_chunk, _encoding, done) => done() });
  const output = createOutput({ stdout: sink(), stderr: sink(), env: {} });
  const runs: Given["options"][] = [];
  await parseAndRun(argv, commands, {
    output,
    version: "0.0.0",
    run: async (_command, { options }) => void runs.push(options),
  });
  return runs[0] ?? {};
}

describe("flags that say no", () => {
  it.each([
    [["run", "x"], "noQuestions"],
    [["run", "x"], "noShutdown"],
    [["push-session"], "noSession"],
    [["review", "owner/name#1"], "noPost"],
  ])("%j are what was typed: %s", async (argv, key) => {
    const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    expect((await given(...argv))[key]).toBe(false);
    expect((await given(...argv, flag))[key]).toBe(true);
  });
});

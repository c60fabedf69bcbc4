import { describe, expect, it } from "vitest";
import type { ChildResult } from "../process/run-child.ts";
import { againWhenCut } from "./again-when-cut.ts";

const ended = (code: number | null, stderr = ""): ChildResult => ({
  code,
  ended: "exit",
  stdout: Buffer.alloc(0),
  stderr,
  truncated: false,
});
const BROKE = "error: RPC failed; curl 18 transfer closed with outstanding read data remaining";

function play(results: readonly ChildResult[], signal = new AbortController().signal) {
  let at = 0;
  let runs = 0;
  const clock = { now: () => at, sleep: async (ms: number) => void (at += ms) };
  const run = async (): Promise<ChildResult> => {
    const result = results[Math.min(runs, results.length - 1)] ?? ended(0);
    runs += 1;
    return result;
  };
  return againWhenCut(run, clock, signal).then((result) => ({ result, runs, at }));
}

describe("git beyond the sandbox", () => {
  it.each([
    BROKE,
    "fatal: unable to access 'http://127.0.0.1:1/git/http/h/r.git/': The requested URL returned error: 503",
    "error: RPC failed; HTTP 503 curl 22 The requested URL returned error: 503\nfatal: expected flush after ref listing",
    "fetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF",
    "send-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly",
  ])("is done again when the control plane broke off: %s", async (stderr) => {
    expect(await play([ended(128, stderr), ended(128, stderr), ended(0)])).toMatchObject({
      result: { code: 0 },
      runs: 3,
    });
  });

  it.each([
    ["fatal: repository 'https://h/r.git/' not found"],
    ["fatal: unable to access 'http://h/r.git/': The requested URL returned error: 502"],
    ["! [rejected] main -> main (fetch first)"],
    ["fatal: Authentication failed"],
  ])("is not done again when the answer is final: %s", async (stderr) => {
    expect(await play([ended(128, stderr)])).toMatchObject({ result: { stderr }, runs: 1 });
  });

  it("is given up after a minute, and at once when the run is stopped", async () => {
    const late = await play([ended(128, BROKE)]);
    expect(late.result.stderr).toBe(BROKE);
    expect(late.at).toBeGreaterThanOrEqual(60_000);
    expect(late.at).toBeLessThan(70_000);
    expect((await play([ended(128, BROKE)], AbortSignal.abort())).runs).toBe(1);
  });
});

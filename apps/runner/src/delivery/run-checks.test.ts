import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import { WorkRoom } from "../testing/work-room.ts";
import { runChecks } from "./run-checks.ts";
import type { CheckOptions } from "./run-checks.ts";

describe("the checks", () => {
  let room: WorkRoom;
  let logs: Record<string, string>;
  beforeEach(async () => {
    room = await WorkRoom.open({ "a.txt": "one\n", ".gitignore": "built\n" });
    logs = {};
  });
  afterEach(() => room.close());

  const check = (commands: string[], part: Partial<CheckOptions> = {}) =>
    runChecks({
      ...room.parts,
      commit: room.head,
      commands,
      timeoutMs: 30_000,
      onOutput: async (name, path) => void (logs[name] = readFileSync(path, "utf8")),
      ...part,
    });
  const told = (): { output: string; exitCode: number | null }[] =>
    room.events.flatMap((event) => (event.type === "check" ? [event.data] : []));

  it("see the commit and nothing else: nothing unsaved, nothing ignored, nothing of each other", async () => {
    room.write("a.txt", "changed\n");
    room.write("built", "ignored");
    const results = await check(["cat a.txt; ls -A; touch trace", "test ! -e trace"]);
    expect(results).toMatchObject([
      { passed: true, exitCode: 0, command: "cat a.txt; ls -A; touch trace" },
      { passed: true },
    ]);
    expect(told()[0]?.output).toBe("one\n.git\n.gitignore\na.txt\n");
    expect(readdirSync(room.scratch).filter((name) => name.startsWith("checkout"))).toEqual([]);
  });

  it("are not changed by what the agent left in the settings of its repository", async () => {
    room.write(".gitattributes", "*.txt filter=evil\n");
    room.run("add", "--all");
    room.run("commit", "--quiet", "-m", "more");
    room.run("config", "filter.evil.smudge", "echo replaced");
    room.run("config", "core.hooksPath", "/evil");
    room.run("replace", room.run("rev-parse", "HEAD:a.txt"), room.run("rev-parse", "HEAD:.gitattributes"));
    await check(["cat a.txt && git status --porcelain"]);
    expect(told()[0]?.output).toBe("one\n");
  });

  it("tell what failed with the end of the output, and keep the whole", async () => {
    const [result] = await check(["seq 1 5000; echo broken >&2; exit 3"]);
    expect(result).toMatchObject({ passed: false, exitCode: 3 });
    expect(told()[0]?.output.length).toBeLessThanOrEqual(8192);
    expect(told()[0]?.output).toMatch(/5000\nbroken\n$/);
    expect(logs["check-1.log"]).toMatch(/^1\n2\n3\n/);
  });

  it("are ended together with what they started", async () => {
    await check(["tail -f /dev/null & echo $!"]);
    const pid = Number(told()[0]?.output.trim());
    expect(pid).toBeGreaterThan(1);
    while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
  });

  it("have one time limit for all of them", async () => {
    const clock = new ManualClock();
    const over = new AbortController();
    const checking = check(["tail -f /dev/null", "true"], { clock, timeoutMs: 60_000 }).finally(() =>
      over.abort(),
    );
    while (!over.signal.aborted) await clock.advance(10_000);
    expect(await checking).toMatchObject([
      { passed: false, exitCode: null },
      { passed: false, exitCode: null },
    ]);
    expect(told()[1]?.output).toContain("no time left");
  });

  it("do not pass when the run is over, or when there is no commit", async () => {
    expect(await check(["true"], { signal: AbortSignal.abort() })).toMatchObject([{ passed: false }]);
    expect(await check(["true"], { commit: "0".repeat(40) })).toMatchObject([{ passed: false }]);
    expect(told()[1]?.output).toContain("clean checkout failed");
  });
});

/** A zombie is dead; who reaps it is not our business. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(join("/proc", String(pid), "stat"), "utf8"));
  } catch {
    return false;
  }
}

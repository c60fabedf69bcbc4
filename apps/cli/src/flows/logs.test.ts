import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aResult, aTask, eventLog, NOW } from "../testing/builders.ts";
import { FakeApi } from "../testing/fake-api.ts";
import { story } from "../testing/story.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.stop());

const seqsOf = (text: string) =>
  text
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { seq: number }).seq);
const notes = (count: number) => {
  const at = eventLog();
  return Array.from({ length: count }, (_, index) => at("notice", { level: "info", text: `n${index + 1}` }));
};

describe("agency logs", () => {
  it("prints what is stored, like the live view", async () => {
    api.addTask({ name: "t", state: "completed" }, story());
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("logs", "t")).toBe(0);
    expect(cli.stdout.text).toContain("  tests  3 passed\n");
    expect(cli.stdout.text).toContain("✓ Completed");
  });

  it("reads every page", async () => {
    api.addTask({ name: "t" }, notes(345));
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("logs", "--json", "t")).toBe(0);
    expect(seqsOf(cli.stdout.text)).toEqual(notes(345).map((event) => event.seq));
    expect(api.seen.filter((request) => request.path.includes("/events"))).toHaveLength(4);
  });

  it("prints only the last ones with --tail", async () => {
    api.addTask({ name: "t" }, notes(20));
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("logs", "--json", "--tail", "3", "t")).toBe(0);
    expect(seqsOf(cli.stdout.text)).toEqual([18, 19, 20]);
    expect(await cli.run("logs", "--tail", "0", "t")).toBe(0);
  });

  it("prints only newer ones with --since", async () => {
    api.addTask({ name: "t" }, notes(20));
    using cli = testCli({ env: envFor(api) });
    const since = new Date(NOW - 72_000 + 19_000).toISOString();
    expect(await cli.run("logs", "--json", "--since", since, "t")).toBe(0);
    expect(await cli.run("logs", "--json", "--since", "53s", "t")).toBe(0);
    expect(seqsOf(cli.stdout.text)).toEqual([19, 20, 19, 20]);
  });

  it("goes on with --follow until the task ends", async () => {
    const task = api.addTask({ name: "t" }, notes(2));
    using cli = testCli({ env: envFor(api) });
    const code = cli.run("logs", "-f", "t");
    await cli.stdout.shows("n2");
    api.emit(task.id, { ...notes(3)[2], type: "status", data: { state: "completed" } } as never);
    expect(await code).toBe(0);
    expect(cli.stdout.text).toContain("✓ Completed");
  });

  it("ends with 130 on Ctrl-C and leaves the task alone", async () => {
    api.addTask({ name: "t" }, notes(1));
    using cli = testCli({ env: envFor(api) });
    const code = cli.run("logs", "-f", "t");
    await cli.stdout.shows("n1");
    cli.pressCtrlC();
    expect(await code).toBe(130);
    expect(api.seen.some((request) => request.path.endsWith("/cancel"))).toBe(false);
  });

  it("ends quietly when its reader is gone", async () => {
    api.addTask({ name: "t" }, notes(5));
    using cli = testCli({ env: envFor(api) });
    const code = cli.run("logs", "-f", "t");
    await cli.stdout.shows("n1");
    cli.stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    expect(await code).toBe(0);
    expect(cli.stderr.text).toBe("");
  });
});

describe("agency wait", () => {
  it.each([
    ["completed", 0],
    ["failed", 1],
    ["cancelled", 1],
  ] as const)("ends with the outcome: %s is %i", async (state, exitCode) => {
    const task = api.addTask({ name: "t" });
    using cli = testCli({ env: envFor(api) });
    cli.clock.sleeps = "hold";
    const code = cli.run("wait", "t");
    api.emit(task.id, eventLog()("status", { state }));
    api.update(task.id, { state });
    expect(await code).toBe(exitCode);
    expect(cli.stdout.text).toBe(`${state}  t\n`);
  });

  it.each([
    ["alone", [], 6],
    ["beside one that has everything", [aTask({ state: "completed", result: aResult() })], 6],
    ["beside one that failed", [aTask({ state: "failed", result: aResult() })], 1],
  ] as const)("ends with what a completed task did not deliver, %s", async (_what, others, exitCode) => {
    const result = aResult({ undelivered: "No branch: it was declined." });
    const { id } = api.addTask({ name: "t", state: "completed", result });
    const ids = others.map(({ state, result }) => api.addTask({ state, result }).id);
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("wait", id, ...ids)).toBe(exitCode);
    expect(cli.stdout.text).toContain(
      "completed  t\n  No branch: it was declined. Bring the work here: `agen",
    );
    expect(cli.stdout.text.match(/No branch/g)).toHaveLength(1);
  });

  it("is over at once when the task is", async () => {
    api.addTask({ name: "a", state: "completed" });
    api.addTask({ name: "b", state: "failed" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("wait", "a", "b", "--json")).toBe(1);
    expect(JSON.parse(cli.stdout.text)).toHaveLength(2);
  });

  it("gives up with 124 after --timeout and leaves the task alone", async () => {
    api.addTask({ name: "t" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("wait", "--timeout", "5s", "t")).toBe(124);
    expect(cli.stderr.text).toBe("Not over after 5s; the work goes on.\n");
  });

  it("ends with 130 on Ctrl-C", async () => {
    api.addTask({ name: "t" });
    using cli = testCli({ env: envFor(api) });
    cli.clock.sleeps = "hold";
    const code = cli.run("wait", "t");
    cli.pressCtrlC();
    expect(await code).toBe(130);
  });
});

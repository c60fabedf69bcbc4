import type { Ask } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeApi } from "../testing/fake-api.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.stop());

const last = () => api.seen.at(-1);
const askedAt = "2026-03-01T12:00:00.000Z";
const question: Ask = {
  id: "q1",
  kind: "question",
  askedAt,
  questions: [{ text: "Which colour?", choices: [{ label: "Red" }, { label: "Blue" }], multiple: false }],
};
const approval: Ask = { id: "a1", kind: "approval", askedAt, tool: "Bash", title: "npm publish", input: {} };

describe("agency pause and resume", () => {
  it.each(["pause", "resume"])("%s asks the server for it", async (word) => {
    const task = api.addTask({ name: "the work" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run(word, "@last")).toBe(0);
    expect(`${last()?.method} ${last()?.path}`).toBe(`POST /v1/tasks/${task.id}/${word}`);
    expect(cli.stdout.text).toContain("the work");
  });

  it("says what a resumed task still waits for", async () => {
    api.addTask({ state: "waiting", reason: "budget", message: "It has reached its budget." });
    using cli = testCli({ env: envFor(api) });
    await cli.run("resume", "@last");
    expect(cli.stdout.text).toContain("It still waits: It has reached its budget.");
  });

  it("passes on why it cannot be paused", async () => {
    const { id } = api.addTask({ state: "completed" });
    api.refuse.set(`POST /v1/tasks/${id}/pause`, { code: "task_finished", detail: "It has ended." });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("pause", "@last")).not.toBe(0);
    expect(cli.stderr.text).toContain("It has ended.");
  });
});

describe("agency limits and budget", () => {
  it("shows what is used of each limit", async () => {
    api.addTask({ costUsd: 1.5 });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("limits", "@last")).toBe(0);
    expect(cli.stdout.text).toContain("1m 12s of 4h");
    expect(cli.stdout.text).toContain("$1.50 of $10.00");
    expect(api.seen.every(({ method }) => method === "GET")).toBe(true);
  });

  it("adds with a sign and sets without one", async () => {
    api.addTask();
    using cli = testCli({ env: envFor(api) });
    const code = await cli.run("limits", "@last", "--timeout", "+1h", "--turns", "600", "--budget=-2");
    expect([code, last()?.body]).toEqual([
      0,
      { set: { turns: 600 }, add: { wallMs: 3_600_000, costUsd: -2 } },
    ]);
    expect(cli.stdout.text).toContain("5h");
  });

  it("gives a task more money in the fewest words", async () => {
    api.addTask({ costUsd: 10 });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("budget", "@last", "+5")).toBe(0);
    expect(last()?.body).toEqual({ add: { costUsd: 5 } });
    expect(cli.stdout.text).toBe("$10.00 of $15.00\n");
  });

  it("caps the account, and shows it", async () => {
    const span = { capUsd: 50, spentUsd: 12.5, resetsAt: "2026-03-02T00:00:00.000Z" };
    api.answers.set("PUT /v1/budget", { day: span, month: { ...span, capUsd: null } });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("budget", "--day", "50", "--month", "none")).toBe(0);
    expect(last()?.body).toEqual({ dayUsd: 50, monthUsd: null });
    expect(cli.stdout.text).toContain("$12.50 of $50.00, until 2026-03-02 UTC");
    expect(cli.stdout.text).toContain("no cap");
  });

  it.each([
    [["budget", "@last", "+0"], "more than $0"],
    [["budget", "@last", "much"], "is not an amount"],
    [["budget", "@last", "--day", "5"], "are of the account"],
    [["limits", "@last", "--timeout", "+soon"], "is not a length of time"],
    [["limits", "@last", "--turns", "0"], "is not a whole number"],
  ])("refuses %j with a sentence", async (argv, sentence) => {
    api.addTask();
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run(...argv)).toBe(2);
    expect(cli.stderr.text).toContain(sentence);
  });
});

describe("agency answer", () => {
  it.each([
    [["--yes"], { kind: "approval", allow: true }],
    [["--no"], { kind: "approval", allow: false }],
    [["--no", "not", "yet"], { kind: "approval", allow: false, reason: "not yet" }],
  ])("takes %j for an approval", async (argv, answer) => {
    api.addTask({ state: "waiting", asks: [approval] });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("answer", "@last", ...argv)).toBe(0);
    expect(last()?.body).toEqual({ askId: "a1", answer });
  });

  it.each([
    [["--choice", "2"], [["Blue"]]],
    [["something", "else"], [["something else"]]],
  ])("takes %j for a question", async (argv, answers) => {
    api.addTask({ state: "waiting", asks: [question] });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("answer", "@last", ...argv)).toBe(0);
    expect(last()?.body).toEqual({ askId: "q1", answer: { kind: "question", answers } });
  });

  it("asks the person on a terminal", async () => {
    api.addTask({ state: "waiting", asks: [question] });
    using cli = testCli({ env: envFor(api), terminal: true, stdin: "2\n" });
    expect(await cli.run("answer", "@last")).toBe(0);
    expect(cli.stdout.text).toContain("Which colour?");
    expect(last()?.body).toEqual({ askId: "q1", answer: { kind: "question", answers: [["Blue"]] } });
  });

  it.each([
    [[question], ["--yes"], "a question, not a yes or no"],
    [[question], ["--choice", "3"], "There is no choice 3"],
    [[question], ["--choice", "1,2"], "Only one choice"],
    [[approval], ["perhaps"], "a yes or no"],
    [[approval], ["--yes", "--no"], "either --yes or --no"],
    [[question, approval], ["--yes"], "--ask q1, --ask a1"],
    [[question], ["--ask", "zz", "x"], 'does not ask "zz"'],
    [[question], [], "There is no answer"],
    [[], ["--yes"], "asks nothing"],
  ])("refuses what does not answer %#", async (asks, argv, sentence) => {
    api.addTask({ state: "waiting", asks });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("answer", "@last", ...argv)).toBe(2);
    expect(cli.stderr.text).toContain(sentence);
    expect(api.seen.every(({ method }) => method === "GET")).toBe(true);
  });

  it("is prompted for by the page of a task that waits", async () => {
    const wait = { id: "a1", reason: "needs_approval", since: askedAt, until: null, message: null } as const;
    const { id } = api.addTask({
      state: "waiting",
      reason: "needs_approval",
      asks: [approval],
      waits: [wait],
    });
    using cli = testCli({ env: envFor(api) });
    await cli.run("show", "@last");
    expect(cli.stdout.text).toContain("npm publish");
    expect(cli.stdout.text).toContain(`agency answer ${id} --yes`);
    using list = testCli({ env: envFor(api) });
    await list.run("ls");
    expect(list.stdout.text).toContain("waiting: approval");
  });
});

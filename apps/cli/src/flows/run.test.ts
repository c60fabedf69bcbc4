import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Task } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aResult, eventLog } from "../testing/builders.ts";
import { FakeApi } from "../testing/fake-api.ts";
import { story } from "../testing/story.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.stop());

const result = aResult({
  summary: "Done: `slug` works, with a test.",
  workspace: "/srv/work",
  files: 2,
  added: 13,
  removed: 1,
});
function lives(task: Task): void {
  api.emit(task.id, ...story());
  api.update(task.id, { state: "completed", costUsd: 0.0123, result });
}
const posted = () => api.seen.find((request) => request.method === "POST" && request.path === "/v1/tasks");
const cancelled = () => api.seen.some((request) => request.path.endsWith("/cancel"));

describe("agency run", () => {
  it("shows the run in a pipe as plain lines, and ends with what changed and where it is", async () => {
    api.onCreate = lives;
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("run", "make", "slugs", "--name", "slugs")).toBe(0);
    expect(cli.stdout.text).toContain("slugs\n");
    expect(cli.stdout.text).toContain("  $      npm test  exit 1 · 2.3s\n");
    expect(cli.stdout.text).toMatch(
      /2 files changed · \+13 −1\n[^]*✓ Completed .*\n {2}Files {4}\/srv\/work\n {2}Again {4}agency show/,
    );
    expect(cli.stdout.text).not.toContain("\u001b");
    expect(cli.stderr.text).toBe("");
  });

  it("ends with 6 when it is completed and what it was asked to deliver is not there, and says so", async () => {
    const undelivered = "No pull request: the host is away.";
    api.onCreate = (task) => {
      lives(task);
      api.update(task.id, { result: { ...result, undelivered } });
    };
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("run", "p")).toBe(6);
    expect(cli.stdout.text).toContain(`  Missing  ${undelivered} Bring the work here: \`agency apply `);
    expect(await cli.run("run", "--json", "p")).toBe(6);
  });

  it("says how to work on the repository of the folder it was called in", async () => {
    api.onCreate = lives;
    using cli = testCli({ env: envFor(api) });
    mkdirSync(join(cli.home, ".git"));
    writeFileSync(
      join(cli.home, ".git/config"),
      '[remote "origin"]\n\turl = https://github.com/owner/name.git\n',
    );
    expect(await cli.run("run", "p")).toBe(0);
    expect(cli.stderr.text).toContain("--repo . gives it a clone of https://github.com/owner/name");
    expect(await cli.run("run", "--repo", ".", "p")).toBe(0);
    expect(posted()?.body).not.toHaveProperty("repository");
    expect(api.seen.findLast(({ path }) => path === "/v1/tasks")?.body).toMatchObject({
      repository: { url: "https://github.com/owner/name.git" },
    });
  });

  it("keeps a live line under the run on a terminal", async () => {
    using cli = testCli({ env: { ...envFor(api), NO_COLOR: "1" }, terminal: true });
    let task: Task | undefined;
    api.onCreate = (made) => {
      task = made;
    };
    const at = eventLog();
    const code = cli.run("run", "make slugs");
    await cli.stdout.shows("up to 4h");
    const id = task?.id ?? "";
    api.emit(
      id,
      at("tool_start", { id: "t", name: "Bash", kind: "execute", input: { command: "npm test" } }),
    );
    api.emit(
      id,
      at("usage", {
        key: "k",
        model: "m",
        input: 1,
        output: 1,
        cacheRead: 0,
        cacheWrite: 0,
        costUsd: 0.5,
        totalCostUsd: 0.5,
      }),
    );
    api.emit(id, at("notice", { level: "info", text: "half way" }));
    await cli.stdout.shows("half way");
    cli.clock.tick();
    expect(cli.stdout.text).toMatch(/\r\u001b\[2K⠋ 1m 14s · \$0\.50 of \$10\.00 · Running npm test$/);
    api.emit(id, at("status", { state: "completed" }));
    api.update(id, { state: "completed" });
    expect(await code).toBe(0);
    expect(cli.stdout.text).toMatch(/\r\u001b\[2K\n?✓ Completed/);
  });

  it("prints events and the result as NDJSON for programs", async () => {
    api.onCreate = lives;
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("run", "--json", "make slugs")).toBe(0);
    const lines = cli.stdout.text
      .trim()
      .split("\n")
      .map((line): { type: string; seq?: number } => JSON.parse(line));
    expect(lines[0]?.type).toBe("task");
    expect(lines.at(-1)).toMatchObject({ type: "result", task: { state: "completed" } });
    expect(lines.slice(1, -1).map((line) => line.seq)).toEqual(story().map((event) => event.seq));
  });

  it("fails with 1 when the task fails", async () => {
    api.onCreate = (task) => {
      api.emit(task.id, eventLog()("status", { state: "failed", reason: "budget_exceeded" }));
      api.update(task.id, { state: "failed", reason: "budget_exceeded" });
    };
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("run", "x")).toBe(1);
    expect(cli.stdout.text).toContain("✗ Failed");
    expect(cli.stdout.text).toMatch(/`agency resume [0-9a-f-]{36} --budget 20 "go on"`/);
  });

  it("sends every option in the words of the API", async () => {
    api.onCreate = lives;
    using cli = testCli({ env: envFor(api) });
    const options = [
      "--engine",
      "claude",
      "--model",
      "m",
      "--provider",
      "local",
      "--repo",
      "owner/name",
      "--branch",
      "dev",
    ];
    const more = [
      "--name",
      "n",
      "--timeout",
      "1h30m",
      "--budget",
      "$2.50",
      "--network",
      "none",
      "--demo",
      "--priority",
      "-3",
    ];
    const pairs = ["--env", "A=1", "--env", "B=x=y", "--label", "team=web"];
    expect(await cli.run("run", ...options, ...more, ...pairs, "do it")).toBe(0);
    expect(posted()?.body).toMatchObject({
      prompt: "do it",
      engine: "claude",
      model: "m",
      repository: { url: "https://github.com/owner/name", branch: "dev" },
      limits: { wallMs: 5_400_000, costUsd: 2.5 },
      demo: true,
      env: { A: "1", B: "x=y" },
      labels: { team: "web" },
      priority: -3,
    });
    expect(posted()?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("takes the command engine from --command, with the command as the prompt", async () => {
    api.onCreate = lives;
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("run", "--command", "npm test")).toBe(0);
    expect(posted()?.body).toMatchObject({ engine: "command", command: "npm test", prompt: "npm test" });
  });

  it("prints only the id when detached", async () => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("run", "--detach", "x")).toBe(0);
    expect(cli.stdout.text).toMatch(/^[0-9a-f-]{36}\n$/);
    expect(cli.stderr.text).toContain("agency logs -f");
  });
});

describe("the prompt", () => {
  it("can come from stdin", async () => {
    using cli = testCli({ env: envFor(api), stdin: "from a pipe\n" });
    expect(await cli.run("run", "-d", "-")).toBe(0);
    expect(posted()?.body).toMatchObject({ prompt: "from a pipe\n" });
  });

  it("can come from a file", async () => {
    using cli = testCli({ env: envFor(api) });
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${cli.home}/p.md`, "from a file");
    expect(await cli.run("run", "-d", "--prompt-file", `${cli.home}/p.md`)).toBe(0);
    expect(posted()?.body).toMatchObject({ prompt: "from a file" });
    expect(await cli.run("run", "--prompt-file", `${cli.home}/none`)).toBe(2);
    expect(cli.stderr.text).toContain("--prompt-file cannot be read: ENOENT");
  });

  it("can be written in the editor, which starts with the words given", async () => {
    using cli = testCli({ env: { ...envFor(api), EDITOR: "code --wait" }, terminal: true });
    const { readFileSync, writeFileSync } = await import("node:fs");
    const called: string[][] = [];
    Object.assign(cli.world.processes, {
      onAttach: (command: string, args: string[]) => {
        called.push([command, args[0] ?? ""]);
        const file = args.at(-1) ?? "";
        writeFileSync(file, readFileSync(file, "utf8").replace("draft", "# A heading\n\nfinal"));
        return 0;
      },
    });
    expect(await cli.run("run", "-d", "--edit", "draft")).toBe(0);
    expect(called).toEqual([["code", "--wait"]]);
    expect(posted()?.body).toMatchObject({ prompt: "# A heading\n\nfinal" });
  });

  it("needs a terminal for the editor", async () => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("run", "--edit")).toBe(2);
    expect(cli.stderr.text).toContain("--edit needs a terminal.");
  });
});

describe("a mistake in the command line", () => {
  it.each([
    [["run"], "The prompt is empty."],
    [["run", "  "], "The prompt is empty."],
    [["run", "--engin", "x", "p"], "Unknown option '--engin'.\n  Did you mean --engine?"],
    [["run", "--budget", "0", "p"], "--budget must be more than $0."],
    [["run", "--budget", "-1", "p"], "--budget must be more than $0."],
    [["run", "--budget", "200000", "p"], "--budget must be more than $0 and at most $100,000."],
    [
      ["run", "--timeout", "48h", "p"],
      "--timeout must be from 1s to 23h 30m: longer work is a chain of tasks.",
    ],
    [
      ["run", "--timeout", "30", "p"],
      '--timeout "30" is not a length of time.\n  Say of what: --timeout 30m.',
    ],
    [["run", "--timeout", "p"], '--timeout "p" is not a length of time.'],
    [["run", "--repo", "./name", "p"], '--repo "./name" is not the address of a repository.'],
    [["run", "--repo", "https://me:pw@host/o/n", "p"], "--repo must not contain a user or password."],
    [["run", "--repo", "o/n", "--branch", "a..b", "p"], "--branch is not a valid branch name."],
    [["run", "--branch", "b", "p"], "--branch needs a repository."],
    [["run", "--secret", "A=hunter22", "p"], "--secret takes a name, not a value"],
    [["run", "--secret", "MISSING", "p"], "there is no variable MISSING"],
    [["run", "--push-branch", "x", "p"], "--push-branch needs a repository"],
    [["run", "--approve", "some", "p"], "none, commands, all"],
    [["run", "--project", "No Name", "p"], "--project must have"],
    [["run", "--tree-budget", "0", "p"], "--tree-budget must be more than $0"],
    [["run", "--network", "all", "p"], "is not a network policy"],
    [["run", "--env", "1A=x", "p"], "--env takes at most 100 variables"],
    [["run", "--label", "Team=x", "p"], "--label takes at most 32 labels"],
    [["run", "--priority", "500", "p"], '--priority "500" is not a whole number from -100 to 100.'],
    [["run", "--command", "x", "--engine", "claude"], '--command is for the engine "command"'],
    [["run", "--prompt-file", "f", "p"], "The prompt is given twice."],
    [["run", "--engine"], "Option '-e, --engine <NAME>' argument missing."],
    [["rnu"], "Unknown command 'rnu'.\n  Did you mean run?"],
    [["ls", "extra"], "Too many arguments for 'ls'. Expected 0 arguments but got 1"],
    [["show"], "Missing required argument 'task'."],
    [["ls", "--state", "sleeping"], '--state "sleeping" is not one of'],
    [["completion", "powershell"], "is not one of bash, zsh, fish"],
  ])("%j is answered with a sentence and 2, and nothing is sent", async (argv, sentence) => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run(...argv)).toBe(2);
    expect(cli.stderr.text).toContain(sentence);
    expect(cli.stderr.text).toMatch(/^agency: /);
    expect(cli.stdout.text).toBe("");
    expect(api.seen).toEqual([]);
  });

  it("is answered in JSON when JSON was asked for", async () => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("run", "--json", "--budget", "0", "p")).toBe(2);
    expect(JSON.parse(cli.stderr.text)).toMatchObject({
      error: { code: "invalid_request", message: "--budget must be more than $0." },
    });
  });

  it("such as a prompt over the limit is found before anything is started", async () => {
    using cli = testCli({ env: envFor(api), stdin: "x".repeat(1024 * 1024 + 1) });
    expect(await cli.run("run", "-")).toBe(2);
    expect(cli.stderr.text).toContain(
      "The prompt is over 1 MiB: put long input in a file of the repository.",
    );
    expect(api.seen).toEqual([]);
  });
});

describe("Ctrl-C during a run", () => {
  it("once leaves the run alone and says how to come back", async () => {
    using cli = testCli({ env: envFor(api) });
    cli.clock.sleeps = "hold";
    const code = cli.run("run", "x");
    await cli.stdout.shows("up to 4h");
    cli.pressCtrlC();
    expect(cli.stderr.text).toContain("Press Ctrl-C again to stop it.");
    cli.clock.release();
    expect(await code).toBe(130);
    expect(cli.stderr.text).toMatch(
      /The run goes on\. Watch it: agency logs -f \S+ {3}Stop it: agency stop \S+/,
    );
    expect(cancelled()).toBe(false);
    expect(cli.deaf).toBe(true);
  });

  it("twice stops the task and shows its end", async () => {
    using cli = testCli({ env: envFor(api) });
    cli.clock.sleeps = "hold";
    api.onCancel = (task) => {
      api.emit(task.id, eventLog()("status", { state: "cancelled", reason: "cancelled_by_user" }));
      api.update(task.id, { state: "cancelled" });
    };
    const code = cli.run("run", "x");
    await cli.stdout.shows("up to 4h");
    cli.pressCtrlC();
    cli.pressCtrlC();
    expect(await code).toBe(130);
    expect(cancelled()).toBe(true);
    expect(cli.stdout.text).toContain("■ Stopped");
  });

  it("three times goes without waiting for the end", async () => {
    using cli = testCli({ env: envFor(api) });
    cli.clock.sleeps = "hold";
    const code = cli.run("run", "x");
    await cli.stdout.shows("up to 4h");
    for (let press = 0; press < 3; press++) cli.pressCtrlC();
    expect(await code).toBe(130);
  });

  it("before the task exists still leaves it running", async () => {
    using cli = testCli({ env: envFor(api) });
    api.onCreate = () => cli.pressCtrlC();
    expect(await cli.run("run", "x")).toBe(130);
    expect(cli.stderr.text).toContain("The run goes on.");
    expect(cancelled()).toBe(false);
  });
});

describe("an outage during a run", () => {
  it("is said once, waited out, and leaves no gap and no double", async () => {
    using cli = testCli({ env: envFor(api) });
    const events = story();
    let id = "";
    api.onCreate = (task) => {
      id = task.id;
      api.emit(id, ...events.slice(0, 16));
    };
    const code = cli.run("run", "--json", "x");
    await cli.stdout.shows('"seq":16');
    cli.clock.sleeps = "hold";
    await api.stop();
    await cli.stderr.shows("Trying again; the run goes on.");
    api.emit(id, ...events.slice(16));
    api.update(id, { state: "completed" });
    await api.start();
    cli.clock.release();
    expect(await code).toBe(0);
    const seqs = cli.stdout.text
      .trim()
      .split("\n")
      .slice(1, -1)
      .map((line) => (JSON.parse(line) as { seq: number }).seq);
    expect(seqs).toEqual(events.map((event) => event.seq));
    expect(cli.stderr.text.match(/Trying again/g)).toHaveLength(1);
    expect(cli.stderr.text).toMatch(/Connected again\.\n$/);
  });
});

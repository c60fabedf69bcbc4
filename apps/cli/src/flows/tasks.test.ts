import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { taskId } from "../testing/builders.ts";
import { FakeApi } from "../testing/fake-api.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.stop());

const requests = () => api.seen.map((request) => `${request.method} ${request.path}`);

describe("agency ls", () => {
  it("lists the newest first", async () => {
    api.addTask({ name: "first", state: "completed" });
    api.addTask({ name: "second" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("ls")).toBe(0);
    expect(cli.stdout.text.split("\n").map((line) => line.split(/\s+/).at(-1))).toEqual([
      "NAME",
      "second",
      "first",
      "",
    ]);
  });

  it("passes every filter on", async () => {
    using cli = testCli({ env: envFor(api) });
    const filters = [
      "--state",
      "running,waiting",
      "--engine",
      "claude",
      "--provider",
      "local",
      "--label",
      "team=web",
      "--search",
      "x y",
    ];
    expect(await cli.run("ls", ...filters, "--limit", "5")).toBe(0);
    expect(api.seen[0]?.path).toBe(
      "/v1/tasks?engine=claude&provider=local&search=x+y&limit=5&state=running%2Cwaiting&label=team%3Dweb",
    );
  });

  it("says when there is nothing, and what to do", async () => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("ls")).toBe(0);
    expect([cli.stdout.text, cli.stderr.text]).toEqual(["", 'No tasks. Start one with `agency run "…"`.\n']);
  });

  it("reads as many pages as asked for and says when there are more", async () => {
    for (let number = 0; number < 130; number++) api.addTask();
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("ls", "--limit", "120")).toBe(0);
    expect(cli.stdout.text.trim().split("\n")).toHaveLength(121);
    expect(cli.stderr.text).toContain("There are more");
    expect(api.seen).toHaveLength(2);
  });

  it("is one JSON array for programs", async () => {
    api.addTask();
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("ls", "--json")).toBe(0);
    expect(JSON.parse(cli.stdout.text)).toEqual([...api.tasks.values()]);
  });
});

describe("the name of a task on the command line", () => {
  it.each([
    ["its id", taskId(2)],
    ["its id in capitals", taskId(2).toUpperCase()],
    ["the beginning of its id", "019ca9b1-0002"],
    ["its name", "second"],
    ["@last, when it is the newest", "@last"],
  ])("can be %s", async (_, reference) => {
    api.addTask({ name: "first" });
    api.addTask({ name: "second" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("show", "--json", reference)).toBe(0);
    expect(JSON.parse(cli.stdout.text)).toMatchObject({ id: taskId(2) });
  });

  it("may look like the beginning of an id and be a name", async () => {
    api.addTask({ name: "feed" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("show", "feed")).toBe(0);
  });

  it("is asked for again when it fits several, which are listed", async () => {
    api.addTask({ name: "same" });
    api.addTask({ name: "same" });
    using cli = testCli({ env: envFor(api) });
    for (const reference of ["019ca9b1", "same"]) {
      expect(await cli.run("show", reference)).toBe(2);
      expect(cli.stderr.text).toContain(
        `"${reference}" fits 2 tasks.\n    ${taskId(2)}  same\n    ${taskId(1)}  same\n  Give more of the id.`,
      );
    }
  });

  it.each([["nothing"], ["019"], ["019ffff"], [taskId(9)], ["@last"]])(
    "that fits none ends with 3: %s",
    async (reference) => {
      using cli = testCli({ env: envFor(api) });
      expect(await cli.run("show", reference)).toBe(3);
      expect(cli.stderr.text).toMatch(/^agency: (No task has|There is no task|There are no tasks)/);
    },
  );

  it("is looked for page by page, down to where it would be", async () => {
    for (let number = 0; number < 350; number++) api.addTask();
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("show", "--json", "019ca9b1-0090")).toBe(0);
    expect(JSON.parse(cli.stdout.text)).toMatchObject({ id: taskId(0x90) });
    expect(requests().filter((request) => request.includes("/v1/tasks?"))).toHaveLength(3);
  });
});

describe("agency show", () => {
  it("prints the page of the task", async () => {
    api.addTask({ name: "shown" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("show", "shown")).toBe(0);
    expect(cli.stdout.text).toMatch(/^shown {2}running\n/);
    expect(cli.stdout.text).toContain("Prompt\n  Fix the flaky test");
  });
});

describe("agency tell", () => {
  it("passes on what is said, now or for the next turn", async () => {
    const task = api.addTask({ name: "t" });
    using cli = testCli({ env: envFor(api), stdin: "from stdin" });
    expect(await cli.run("tell", "t", "use", "the", "helper")).toBe(0);
    expect(await cli.run("tell", "t", "--next-turn", "-")).toBe(0);
    const said = api.seen.filter((request) => request.path === `/v1/tasks/${task.id}/messages`);
    expect(said.map((request) => request.body)).toEqual([
      { text: "use the helper", mode: "steer" },
      { text: "from stdin", mode: "next_turn" },
    ]);
    expect(cli.stdout.text).toContain("Told t: the agent sees it while it works.");
  });

  it("needs something to say", async () => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("tell", "t", " ")).toBe(2);
    expect(cli.stderr.text).toContain("The message is empty.");
  });
});

describe("agency delete", () => {
  it("deletes what is named when it is told so twice", async () => {
    api.addTask({ name: "a", state: "completed" });
    api.addTask({ name: "b", state: "failed" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("delete", "a", "b", "--yes")).toBe(0);
    expect(requests().filter((request) => request.startsWith("DELETE"))).toEqual([
      `DELETE /v1/tasks/${taskId(1)}`,
      `DELETE /v1/tasks/${taskId(2)}`,
    ]);
    expect(cli.stdout.text).toBe("Deleted a.\nDeleted b.\n");
  });

  it("says what would go, and deletes nothing, without --yes", async () => {
    api.addTask({ name: "a", state: "completed" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("delete", "a")).toBe(2);
    expect(cli.stderr.text).toContain("This deletes for good: a.");
    expect(requests().filter((request) => request.startsWith("DELETE"))).toEqual([]);
  });
});

describe("agency stop", () => {
  it("stops what is named, once each", async () => {
    api.addTask({ name: "a" });
    api.addTask({ name: "b" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("stop", "a", "b", taskId(1))).toBe(0);
    expect(requests().filter((request) => request.endsWith("/cancel"))).toHaveLength(2);
    expect(cli.stdout.text).toBe("Stopping a.\nStopping b.\n");
  });

  it("stops everything that is not over with --all", async () => {
    api.addTask({ name: "a", state: "completed" });
    api.addTask({ name: "b", state: "queued" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("stop", "--all")).toBe(0);
    expect(cli.stdout.text).toBe("Stopping b.\n");
    expect(await cli.run("stop", "--all", "--json")).toBe(0);
  });

  it("is content when the task is over already", async () => {
    api.addTask({ name: "a", state: "completed" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("stop", "a")).toBe(0);
    expect(cli.stdout.text).toBe("a had already ended.\n");
  });

  it("stops nothing when one of the names is wrong", async () => {
    api.addTask({ name: "a" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("stop", "a", "nope")).toBe(3);
    expect(requests().filter((request) => request.endsWith("/cancel"))).toEqual([]);
  });

  it.each([[["stop"]], [["stop", "--all", "a"]]])("wants either names or --all: %j", async (argv) => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run(...argv)).toBe(2);
  });
});

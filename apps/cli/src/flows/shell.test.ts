import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { taskId } from "../testing/builders.ts";
import { FakeApi } from "../testing/fake-api.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.stop());

describe("what the shell is told", () => {
  it("of tasks comes from the server", async () => {
    api.addTask({ name: "fix\u001b[31m it" });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("__complete", "logs", "-f", "019")).toBe(0);
    expect(cli.stdout.text).toBe(`${taskId(1)}\trunning fix it\n`);
  });

  it("is nothing when there is no server", async () => {
    using cli = testCli();
    expect(await cli.run("__complete", "show", "")).toBe(0);
    expect(cli.stdout.text + cli.stderr.text).toBe("");
  });

  it("may contain words that look like options", async () => {
    using cli = testCli();
    expect(await cli.run("__complete", "run", "--json", "--bra")).toBe(0);
    expect(await cli.run("__complete", "run", "--h")).toBe(0);
    expect(cli.stdout.text).toBe("--branch\tBranch to start from.\n--help\tPrint help.\n");
  });
});

describe("the version", () => {
  it("can be asked for in two ways", async () => {
    using cli = testCli();
    expect(await cli.run("version")).toBe(0);
    expect(await cli.run("--version")).toBe(0);
    expect(await cli.run("version", "--json")).toBe(0);
    expect(cli.stdout.text.split("\n")).toEqual([
      "agency 1.2.3 (Node.js 26.0.0, linux)",
      "agency 1.2.3",
      '{"version":"1.2.3","node":"26.0.0","platform":"linux"}',
      "",
    ]);
  });
});

describe("help", () => {
  it.each([["--help"], ["run", "--help"], ["help", "logs"], ["wait", "-h"]])(
    "of %s %s is stable",
    async (...argv) => {
      using cli = testCli();
      expect(await cli.run(...argv)).toBe(0);
      const name = argv.filter((word) => !word.startsWith("-") && word !== "help").join("-") || "agency";
      await expect(cli.stdout.text).toMatchFileSnapshot(`../program/goldens/help-${name}.txt`);
      expect(cli.stderr.text).toBe("");
    },
  );

  it("fits the terminal", async () => {
    using cli = testCli({ terminal: true, columns: 60, env: { NO_COLOR: "1" } });
    await cli.run("run", "--help");
    expect(
      cli.stdout.text.split("\n").filter((line) => line.length > 60 && !line.startsWith("  agency")),
    ).toEqual([]);
  });
});

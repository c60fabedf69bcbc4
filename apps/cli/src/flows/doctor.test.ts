import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeApi, KEY } from "../testing/fake-api.ts";
import { fakeProcesses } from "../testing/fake-processes.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.stop());

describe("agency doctor", () => {
  it("shows every setting with its source and what the server found", async () => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("doctor")).toBe(0);
    expect(
      cli.stdout.text.replaceAll(cli.home, "<home>").replaceAll(api.url, "<url>").replaceAll(/ +/g, " "),
    ).toBe(
      [
        "Settings",
        " AGENCY_HOME <home> environment",
        " AGENCY_URL <url> environment",
        " AGENCY_API_KEY set (ends …cdef) environment",
        " AGENCY_PORT 7717 default",
        "",
        "Checks",
        " ✓ node: 26.0.0",
        " ✓ git: git 1.0",
        " ✓ bubblewrap: bwrap 1.0",
        " ✓ data folder: <home>",
        " ✓ server: <url>, version 0.1.0, database embedded",
        " ✓ postgres: 18.0",
        "",
        "Provider local",
        " ✓ bubblewrap: 0.8.0 runs the whole profile",
        " memory: cgroup",
        "",
        "Engines",
        " ! claude: 2.1.0; no credential",
        "",
      ].join("\n"),
    );
    expect(cli.stdout.text).not.toContain(KEY);
  });

  it("works without a server, with the settings one would have", async () => {
    using cli = testCli({ env: { ANTHROPIC_API_KEY: "sk-ant-0123456789-wxyz" } });
    await writeFile(`${cli.home}/config.json`, '{"maxRunning": 2}');
    await writeFile(`${cli.home}/.env`, "AGENCY_LOG_LEVEL=debug\nDATABASE_URL=postgres://x@y/z\n");
    expect(await cli.run("doctor")).toBe(0);
    const lines = cli.stdout.text.replaceAll(/ +/g, " ").split("\n");
    expect(lines).toContain(` AGENCY_MAX_RUNNING 2 ${cli.home}/config.json`);
    expect(lines).toContain(` AGENCY_LOG_LEVEL debug ${cli.home}/.env`);
    expect(lines).toContain(" ANTHROPIC_API_KEY set (ends …wxyz) environment");
    expect(lines).toContain(" DATABASE_URL not set default");
    expect(cli.stdout.text).toContain("! setting: DATABASE_URL in ");
    expect(cli.stdout.text).toContain(
      "! server: Agency is not running on this machine.\n    Start it with `agency up`",
    );
  });

  it("fails with what is missing and how to get it", async () => {
    const processes = fakeProcesses();
    processes.capture = async (command) => (command === "bwrap" ? null : { code: 1, output: "" });
    using cli = testCli({ world: { processes, nodeVersion: "20.1.0" } });
    expect(await cli.run("doctor")).toBe(1);
    expect(cli.stdout.text).toContain("✗ node: 20.1.0\n    Agency needs Node.js 24 or newer.");
    expect(cli.stdout.text).toContain("✗ git: does not run");
    expect(cli.stdout.text).toContain(
      "✗ bubblewrap: not installed\n    The local sandbox is made by bubblewrap: install the package `bubblewrap`.",
    );
  });

  it("fails when the server refuses the key", async () => {
    using cli = testCli({ env: { ...envFor(api), AGENCY_API_KEY: "wrong" } });
    expect(await cli.run("doctor")).toBe(1);
    expect(cli.stdout.text).toContain("✗ server: The key is not known here.");
  });

  it("fails when a check of the server fails", async () => {
    api.status = {
      ...api.status,
      checks: [{ id: "disk", level: "fail", detail: "full", fix: "Make room." }],
    };
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("doctor")).toBe(1);
    expect(cli.stdout.text).toContain("✗ disk: full\n    Make room.");
  });

  it("is one JSON document for programs", async () => {
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("doctor", "--json")).toBe(0);
    const found: unknown = JSON.parse(cli.stdout.text);
    expect(found).toMatchObject({
      settings: expect.any(Array),
      checks: expect.any(Array),
      server: { status: { type: "agency" } },
    });
  });
});

import { mkdir, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeApi } from "../testing/fake-api.ts";
import { envFor, testCli } from "../testing/test-cli.ts";

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.stop());

describe("what the server refuses", () => {
  it.each([
    ["unknown_engine", 2],
    ["no_credential", 2],
    ["payload_too_large", 2],
    ["not_found", 3],
    ["unauthenticated", 4],
    ["forbidden", 4],
    ["wrong_host", 4],
    ["unavailable", 5],
    ["upstream_failed", 5],
    ["conflict", 1],
    ["too_many_requests", 1],
    ["internal", 1],
  ] as const)("with %s ends with %i, its sentence and its next step", async (code, exitCode) => {
    api.refuse.set("POST /v1/tasks", { code, detail: "What failed.", next: "What to do." });
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("run", "-d", "x")).toBe(exitCode);
    expect(cli.stderr.text).toMatch(/^agency: What failed\.\n {2}What to do\.\n/);
    expect(cli.stderr.text.includes("Request req-1")).toBe(code === "internal");
    expect(cli.stdout.text).toBe("");
  });

  it("is a wrong key most of the time", async () => {
    using cli = testCli({ env: { ...envFor(api), AGENCY_API_KEY: "wrong" } });
    expect(await cli.run("ls")).toBe(4);
    expect(cli.stderr.text).toBe("agency: The key is not known here.\n  Check AGENCY_API_KEY.\n");
  });

  it("cannot write to the terminal by itself", async () => {
    const evil = "\u001b[2Jowned\u202e";
    api.refuse.set("GET /v1/tasks", { code: "conflict", detail: evil, next: evil });
    using cli = testCli({ env: envFor(api) });
    await cli.run("ls");
    expect(cli.stderr.text).toBe("agency: owned\n  owned\n");
  });
});

describe("a server that cannot be reached", () => {
  it("ends with 5 and says where it was looked for", async () => {
    await api.stop();
    using cli = testCli({ env: envFor(api) });
    expect(await cli.run("ls")).toBe(5);
    expect(cli.stderr.text).toBe(
      `agency: Nothing answers at ${api.url}.\n  Start the server with \`agency up\`, or check AGENCY_URL.\n`,
    );
  });

  it("ends with 5 when none was ever started", async () => {
    using cli = testCli();
    expect(await cli.run("ls")).toBe(5);
    expect(cli.stderr.text).toContain("Agency is not running on this machine.\n  Start it with `agency up`");
  });

  it("ends with 4 when there is no key for it", async () => {
    using cli = testCli({ env: { AGENCY_URL: "https://agency.example" } });
    expect(await cli.run("ls")).toBe(4);
    expect(cli.stderr.text).toContain("There is no key for https://agency.example.");
  });

  it("can be named with --url, which wins over AGENCY_URL", async () => {
    using cli = testCli({ env: { ...envFor(api), AGENCY_URL: "http://127.0.0.1:1" } });
    expect(await cli.run("ls", "--url", api.url)).toBe(0);
    expect(await cli.run("ls", "--url", "nonsense")).toBe(2);
    expect(cli.stderr.text).toContain(
      'AGENCY_URL must be an http(s) address, such as http://127.0.0.1:7717 (--url: "nonsense").',
    );
  });
});

describe("settings that cannot be used", () => {
  it("stop every command but doctor, with a sentence for each", async () => {
    using cli = testCli({ env: { ...envFor(api), AGENCY_PORT: "x", AGENCY_MAX_RUNNING: "0" } });
    expect(await cli.run("ls")).toBe(2);
    expect(cli.stderr.text).toBe(
      'agency: AGENCY_PORT must be a whole number from 0 to 65535 (environment: "x").\n' +
        '  AGENCY_MAX_RUNNING must be a whole number from 1 to 10000 (environment: "0").\n' +
        "  `agency doctor` shows every setting and where it comes from.\n",
    );
    expect(await cli.run("doctor")).toBe(1);
    expect(cli.stdout.text).toContain("✗ setting: AGENCY_PORT must be");
  });

  it("of a project's .env never send the key elsewhere", async () => {
    using cli = testCli({ env: { AGENCY_API_KEY: "mine" } });
    await writeFile(`${cli.home}/.env`, `AGENCY_URL=${api.url}\n`);
    expect(await cli.run("ls")).toBe(4);
    expect(cli.stderr.text).toContain(
      `${cli.home}/.env names the server ${api.url}, but AGENCY_API_KEY is not its key.`,
    );
    expect(api.seen).toEqual([]);
  });
});

describe("a mistake of our own", () => {
  it("says so, shows where, and ends with 1", async () => {
    using cli = testCli({ env: envFor(api), world: { version: "1" } });
    Object.assign(cli.world.clock, {
      now: () => {
        throw new TypeError("boom");
      },
    });
    api.addTask({ name: "t" });
    expect(await cli.run("show", "t")).toBe(1);
    expect(cli.stderr.text).toMatch(/^agency: This is a mistake in Agency: boom\n {2}Please report it/);
    expect(cli.stderr.text).toContain("failures.test.ts");
  });
});

describe("the files of the server on this machine", () => {
  it("count as none when they are damaged", async () => {
    using cli = testCli();
    await writeFile(`${cli.home}/instance.json`, "not json");
    expect(await cli.run("ls")).toBe(5);
  });

  it("that cannot be read are named, with 4", async () => {
    using cli = testCli();
    await mkdir(`${cli.home}/instance.json`);
    expect(await cli.run("ls")).toBe(4);
    expect(cli.stderr.text).toContain(`${cli.home}/instance.json cannot be read: EISDIR`);
    expect(cli.stderr.text).toContain("Run the command as the user who started Agency");
  });
});

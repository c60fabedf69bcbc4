import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { processWorld } from "./process-world.ts";
import { processes } from "./processes.ts";
import { eventLog } from "./testing/builders.ts";
import { FakeApi } from "./testing/fake-api.ts";
import { envFor, testCli } from "./testing/test-cli.ts";

const exec = promisify(execFile);
const bin = fileURLToPath(new URL("../bin/agency.mjs", import.meta.url));
const serverEntry = fileURLToPath(new URL("testing/server/src/main.ts", import.meta.url));

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.stop());

describe("the program as a process", () => {
  it("answers --version without loading anything else", async () => {
    const { stdout } = await exec(process.execPath, [bin, "--version"]);
    expect(stdout).toMatch(/^agency \d+\.\d+\.\d+\n$/);
    const main = readFileSync(new URL("main.ts", import.meta.url), "utf8");
    expect(main.match(/^import .*$/gm)).toEqual(['import { readVersion } from "./version.ts";']);
  });

  it("ends with 130 on a real Ctrl-C", async () => {
    const task = api.addTask({ name: "t" }, [eventLog()("notice", { level: "info", text: "hello" })]);
    using cli = testCli();
    const env = { ...process.env, ...envFor(api), AGENCY_HOME: cli.home };
    const child = spawn(process.execPath, [bin, "logs", "-f", task.id], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.kill("SIGINT");
    expect(await ended).toBe(130);
  });

  it("ends quietly when `head` has seen enough", async () => {
    const at = eventLog();
    api.addTask(
      { name: "t" },
      Array.from({ length: 4000 }, () => at("log", { stream: "stdout", text: "x".repeat(200) })),
    );
    using cli = testCli();
    const env = { ...process.env, ...envFor(api), AGENCY_HOME: cli.home };
    const command = `set -o pipefail; "${process.execPath}" "${bin}" logs t | head -n 1`;
    const { stdout, stderr } = await exec("bash", ["-c", command], { env });
    expect(stdout).toBe(`  ${"x".repeat(200)}\n`);
    expect(stderr).toBe("");
  });

  it("offers completions to a real bash", async () => {
    using cli = testCli();
    const env = { ...process.env, AGENCY_HOME: cli.home, NODE: process.execPath, BIN: bin };
    const script = `agency() { "$NODE" "$BIN" "$@"; }
      source <(agency completion bash)
      COMP_WORDS=(agency run --eng); COMP_CWORD=2; _agency; echo "\${COMPREPLY[@]}"
      COMP_WORDS=(agency do); COMP_CWORD=1; _agency; echo "\${COMPREPLY[@]}"`;
    const { stdout } = await exec("bash", ["-c", script], { env });
    expect(stdout).toBe("--engine\ndown doctor\n");
  });
});

describe("a server as a process", () => {
  function machine(env: Record<string, string> = {}) {
    const { clock } = processWorld();
    return testCli({
      env: { PATH: process.env.PATH ?? "", ...env },
      world: { processes, clock, serverEntry },
    });
  }

  it("is started in the background, found again, and stopped", async () => {
    using cli = machine();
    expect(await cli.run("up", "--detach", "--json")).toBe(0);
    const { pid } = JSON.parse(cli.stdout.text) as { pid: number };
    try {
      expect((await processes.inspect(pid))?.command).toContain(serverEntry);
      expect(await cli.run("ls")).toBe(0);
      expect(await cli.run("up")).toBe(0);
      expect(await cli.run("down")).toBe(0);
      expect(await processes.inspect(pid)).toBeNull();
    } finally {
      processes.signal(pid, "SIGTERM");
    }
    expect(existsSync(`${cli.home}/instance.json`)).toBe(false);
    expect(readFileSync(`${cli.home}/logs/server.log`, "utf8")).toBe("listening\n");
    expect(cli.stdout.text).toContain("Agency is already running");
    expect(cli.stdout.text).toContain("Agency has stopped");
  });

  it("that fails to start is explained by its log", async () => {
    using cli = machine({ FAKE_FAILURE: "Port 7717 is in use." });
    expect(await cli.run("up", "--detach")).toBe(5);
    expect(cli.stderr.text).toContain("The server ended before it was ready.\n  Port 7717 is in use.\n");
  });
});

describe("processes", () => {
  it("are inspected by command and start", async () => {
    const found = await processes.inspect(process.pid);
    expect(found?.command).toContain("node");
    expect(Math.abs((found?.startedAtMs ?? 0) - (Date.now() - process.uptime() * 1000))).toBeLessThan(3000);
    expect(await processes.inspect(0x3fffffff)).toBeNull();
  });

  it("can become another program under the same number", async () => {
    const script = `const { processes } = await import(${JSON.stringify(new URL("processes.ts", import.meta.url).href)});
      console.log(process.pid);
      processes.becomeNode(["-e", "console.log(process.pid, process.env.GIVEN)"], { GIVEN: "yes", GONE: undefined });`;
    const { stdout } = await exec(process.execPath, ["--input-type=module", "-e", script]);
    const [before, after] = stdout.trim().split("\n");
    expect(after).toBe(`${before} yes`);
  });

  it("are run to their end, or are not there", async () => {
    expect(await processes.capture(process.execPath, ["-e", "console.log(1); process.exit(3)"])).toEqual({
      code: 3,
      output: "1",
    });
    expect(await processes.capture("no-such-program-at-all", [])).toBeNull();
    expect(await processes.attach(process.execPath, ["-e", "process.exit(4)"])).toBe(4);
    expect(await processes.attach("no-such-program-at-all", [])).toBeNull();
    expect(processes.signal(0x3fffffff, "SIGTERM")).toBe(false);
  });
});

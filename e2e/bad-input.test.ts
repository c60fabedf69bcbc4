import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Agency } from "./support/agency.ts";
import { makeHome } from "./support/home.ts";

const CLI = new URL("../apps/cli/bin/agency.mjs", import.meta.url).pathname;
const SERVER = new URL("../apps/server/src/main.ts", import.meta.url).pathname;

let agency: Agency;
let folder: string;

beforeAll(async () => {
  folder = await makeHome();
  agency = await Agency.start();
});
afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

function run(program: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: { PATH: process.env["PATH"] ?? "", HOME: folder, ...env } };
    execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

const cli = (args: string[], env: Record<string, string> = {}) =>
  run(CLI, args, { AGENCY_URL: agency.url, AGENCY_API_KEY: agency.apiKey, ...env });

describe("a mistake on the command line", () => {
  it.each<[string, string[], number, RegExp]>([
    ["unknown flag", ["run", "--budgt", "5", "x"], 2, /budgt.*\n?.*--budget/s],
    ["empty prompt", ["run", "  "], 2, /empty|say what/i],
    ["unknown engine", ["run", "--engine", "nope", "x"], 2, /engine.*nope/i],
    ["unknown provider", ["run", "--provider", "moon", "x"], 2, /provider.*moon/i],
    ["budget of zero", ["run", "--budget", "0", "x"], 2, /budget/i],
    ["negative budget", ["run", "--budget=-1", "x"], 2, /budget/i],
    ["timeout over the maximum", ["run", "--timeout", "100h", "x"], 2, /timeout/i],
    ["a repository that is none", ["run", "--repo", "not a repo", "x"], 2, /repo/i],
    ["no credential", ["run", "x"], 2, /ANTHROPIC_API_KEY|--demo/],
    ["a task that is not there", ["show", "01a1fc53-118c-7da2-b70b-964436bafa77"], 3, /no task/i],
  ])("%s is a sentence and the right exit code", async (_, args, code, sentence) => {
    const ran = await cli(args);
    expect({ code: ran.code, text: ran.stderr }).toEqual({ code, text: expect.stringMatching(sentence) });
    expect(ran.stderr).not.toMatch(/\n\s+at /);
  });

  it("a prompt over the limit is refused before it is sent", async () => {
    await writeFile(join(folder, "long.txt"), "x".repeat(1024 * 1024 + 1));
    const ran = await cli(["run", "--prompt-file", "long.txt"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/1 MiB/);
  });

  it("a wrong key is not allowed", async () => {
    const ran = await cli(["ls"], { AGENCY_API_KEY: "agk_wrong" });
    expect(ran.code).toBe(4);
    expect(ran.stderr).toMatch(/key/i);
  });

  it("a server that is down is unreachable", async () => {
    const ran = await cli(["ls"], { AGENCY_URL: "http://127.0.0.1:1" });
    expect(ran.code).toBe(5);
    expect(ran.stderr).toMatch(/127\.0\.0\.1:1/);
  });

  it("leaves no task behind", async () => {
    expect((await agency.client.listTasks()).tasks).toEqual([]);
  });
});

describe("a server that cannot start", () => {
  const start = (env: Record<string, string>) =>
    run(SERVER, [], { AGENCY_HOME: join(folder, "home"), ...env });

  it("says that its port is in use", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as AddressInfo;
    const ran = await start({ AGENCY_PORT: String(port) });
    taken.close();
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(new RegExp(`Port ${port} .*in use`));
    expect(ran.stderr).toMatch(/AGENCY_PORT/);
  });

  it("says that its data folder cannot be used", async () => {
    await writeFile(join(folder, "file"), "");
    const ran = await start({ AGENCY_HOME: join(folder, "file", "home") });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/data folder .*cannot be used[^]*AGENCY_HOME/);
  });

  it("says that the database was made by another major version of PostgreSQL", async () => {
    const home = join(folder, "old");
    await mkdir(join(home, "postgres", "cluster"), { recursive: true });
    await writeFile(join(home, "postgres", "cluster", "PG_VERSION"), "14\n");
    const ran = await start({ AGENCY_HOME: home, AGENCY_PORT: "0" });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/14/);
    expect(ran.stderr).toMatch(/18/);
  });

  it("says which setting is wrong", async () => {
    const ran = await start({ AGENCY_PORT: "many" });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/AGENCY_PORT/);
  });

  it("says that another Agency is using its data folder", async () => {
    const ran = await run(SERVER, [], { AGENCY_HOME: agency.home, AGENCY_PORT: "0" });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/another/i);
  });
});

describe("a machine that cannot seal a sandbox", () => {
  it("fails the task with the sentence that says what is missing, and runs nothing", async () => {
    // Seen from this server only: bubblewrap is not a program.
    const hide = `mount --bind /dev/null "$(command -v bwrap)" && exec "$@"`;
    const namespace = process.getuid?.() === 0 ? ["unshare", "-m"] : ["unshare", "-Urm"];
    await using sick = await Agency.start({ within: [...namespace, "sh", "-c", hide, "sh"] });
    const { id } = await sick.client.createTask({ prompt: "x", engine: "command", command: "touch ran" });
    const { task } = await sick.finished(id);
    expect(task, await sick.story(id)).toMatchObject({ state: "failed", reason: "sandbox_unavailable" });
    expect(task.message).toMatch(/agency doctor/);
    expect(task.result?.workspace ?? null).toBeNull();
  }, 30_000);
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Agency } from "./support/agency.ts";
import { discardSandboxes } from "./support/discard-sandboxes.ts";
import { makeHome } from "./support/home.ts";
import { processesWith } from "./support/processes.ts";

const CLI = new URL("../apps/cli/src/main.ts", import.meta.url).pathname;

let home: string;
let agency: Agency;

beforeAll(async () => {
  home = await makeHome();
  agency = await Agency.start({ home });
});
afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await discardSandboxes(home);
  await rm(home, { recursive: true, force: true });
});

const environment = () => ({
  PATH: process.env["PATH"] ?? "",
  HOME: home,
  TERM: "xterm",
  AGENCY_HOME: home,
  AGENCY_URL: agency.url,
  AGENCY_API_KEY: agency.apiKey,
});

/** The command line as a program calls it: pipes all around. */
function cli(args: string[], input: string | Buffer = "") {
  const child = spawn(process.execPath, [CLI, ...args], { env: environment(), stdio: "pipe" });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const ended = once(child, "close").then(([code]) => code as number | null);
  return { child, ended, out: buffer(child.stdout), err: text(child.stderr) };
}

async function shell(id: string, command: string, input: string | Buffer = "") {
  const { ended, out, err } = cli(["shell", id, "-c", command], input);
  const [code, stdout, stderr] = await Promise.all([ended, out, err]);
  return { code, stdout, stderr };
}

/** The command line as a person calls it: `script` gives it a terminal of a known size. */
function inTerminal(id: string, columns: number, rows: number) {
  const line = `tty >&3; exec 3>&-; stty rows ${rows} cols ${columns}; exec ${process.execPath} ${CLI} shell ${id}`;
  const child = spawn("script", ["-qefc", line, "/dev/null"], {
    env: environment(),
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  child.stdin?.on("error", () => undefined);
  const place = once(createInterface({ input: child.stdio[3] as Readable }), "line").then(([line]) =>
    String(line),
  );
  let seen = "";
  const waiting = new Set<() => void>();
  child.stdout?.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
    for (const look of waiting) look();
  });
  return {
    child,
    place,
    type: (keys: string) => child.stdin?.write(keys),
    ended: once(child, "close").then(([code]) => code as number | null),
    shows: (part: string) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!seen.includes(part)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    seen: () => seen,
  };
}

/** A run that goes on until the file `go` is there. */
async function started(command = "until [ -e go ]; do sleep 0.05; done", more: object = {}) {
  const { id } = await agency.client.createTask({
    prompt: "Wait.",
    engine: "command",
    command: `echo begun; ${command}`,
    ...more,
  });
  await agency.event(id, "log", ({ text: said }) => said.includes("begun"));
  return id;
}

async function kept(more: object = {}) {
  const { id } = await agency.client.createTask({
    prompt: "Make a file.",
    engine: "command",
    command: "echo made > made.txt",
    keep: 3_600_000,
    ...more,
  });
  const { task } = await agency.finished(id);
  expect(task.state, await agency.story(id)).toBe("completed");
  return id;
}

describe("a command in the sandbox of a running task", () => {
  it("passes bytes, errors and the exit code through", async () => {
    const id = await started();
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) % 256));
    const copied = await shell(id, "cat; echo problem >&2; exit 7", bytes);
    expect(copied.code, copied.stderr).toBe(7);
    expect(copied.stdout.equals(bytes)).toBe(true);
    expect(copied.stderr).toBe("problem\n");

    const where = await shell(id, "pwd; echo $HOME; echo $AGENCY_TASK_ID");
    expect(where.stdout.toString()).toBe(`/workspace\n/home/agent\n${id}\n`);
    expect((await shell(id, "touch go")).code).toBe(0);
    expect((await agency.finished(id)).task.state).toBe("completed");
  });

  it("is written to the audit log and the events, and ends with the run", async () => {
    const id = await started();
    const { ended, err } = cli(["shell", id, "-c", "echo here; touch go; sleep 1000"]);
    const { events } = await agency.finished(id);
    expect(await ended).not.toBe(0);
    expect(await err).toContain("ended");
    const notices = events.filter(({ type }) => type === "notice").map(({ data }) => JSON.stringify(data));
    expect(notices.join()).toContain("A terminal was opened by key ");
    const { entries } = await agency.client.audit({});
    expect(entries).toContainEqual(expect.objectContaining({ action: "terminal.open", target: id }));
    expect(await shell(id, "true")).toMatchObject({ code: 1, stderr: expect.stringContaining("not kept") });
  });

  it("leaves no process when its person goes away", async () => {
    const id = await started();
    const marker = `left-${Math.random().toString(36).slice(2)}`;
    const { child, ended } = cli([
      "shell",
      id,
      "-c",
      `setsid sh -c 'exec sleep 1000 ${marker}' & trap '' HUP; echo up; while :; do sleep 1; done; : ${marker}`,
    ]);
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await ended;
    await expect.poll(() => processesWith(marker), { timeout: 10_000 }).toEqual([]);
    await shell(id, "touch go");
    await agency.finished(id);
  });
});

describe("a terminal", () => {
  it("has the person's size, follows it, and takes Ctrl-C and an exit code", async () => {
    const id = await started();
    const terminal = inTerminal(id, 91, 31);
    await terminal.shows("$ ");
    terminal.type("stty size\r");
    await terminal.shows("31 91");
    const name = (await terminal.place).trim();
    spawn("stty", ["-F", name, "rows", "44", "cols", "101"]);
    terminal.type("until [ \"$(stty size)\" = '44 101' ]; do sleep 0.05; done; echo re''sized\r");
    await terminal.shows("resized");
    // One program that is in front when it speaks: bash loses a Ctrl-C that comes while it starts the next one.
    terminal.type("sh -c 'echo as\"\"leep; exec sleep 1000'\r");
    await terminal.shows("asleep");
    terminal.type("\u0003");
    terminal.type("printf 'clip\\033]52;c;aGk=\\007board\\n'; touch go; exit 9\r");
    await terminal.shows("clipboard");
    expect(await terminal.ended, terminal.seen()).toBe(9);
    await agency.finished(id);
  });
});

describe("a kept sandbox", () => {
  it("can be looked into, calls no model, reaches no network, and goes when it is released", async () => {
    const id = await kept();
    const task = await agency.client.getTask(id);
    expect(Date.parse(task.sandbox?.keptUntil ?? "")).toBeGreaterThan(Date.now() + 3_000_000);
    expect((await shell(id, "cat made.txt")).stdout.toString()).toBe("made\n");
    const asked = await shell(
      id,
      `node -e '
        const s = require("node:fs").readdirSync("/run/agency/door").filter((n) => n.endsWith(".sock"));
        const r = require("node:http").request({ socketPath: "/run/agency/door/" + s[0], method: "POST", path: "/model/anthropic/v1/messages",
          headers: { "x-api-key": process.env.ANTHROPIC_API_KEY || "none" } }, (a) => { console.log(a.statusCode); process.exit(); });
        r.end("{}");'; curl -sS -m 5 http://example.com || echo closed`,
    );
    expect(asked.stdout.toString()).toMatch(/^4\d\d\nclosed\n$/);

    const extended = cli(["keep", id, "+1h"]);
    expect(await extended.ended, await extended.err).toBe(0);
    const later = await agency.client.getTask(id);
    expect(Date.parse(later.sandbox?.keptUntil ?? "")).toBeGreaterThan(Date.now() + 2 * 3_500_000);

    const released = cli(["release", id]);
    expect(await released.ended, await released.err).toBe(0);
    expect((await agency.client.getTask(id)).sandbox).toBeNull();
    expect(processesWith(id)).toEqual([]);
  });

  it("outlives a restart of the server, and ends at its time", async () => {
    const id = await kept({ keep: 8_000 });
    await agency.stop();
    agency = await Agency.start({ home });
    expect((await shell(id, "cat made.txt")).stdout.toString()).toBe("made\n");
    await expect.poll(async () => (await agency.client.getTask(id)).sandbox, { timeout: 30_000 }).toBeNull();
    await expect.poll(() => processesWith(id), { timeout: 10_000 }).toEqual([]);
  }, 60_000);
});

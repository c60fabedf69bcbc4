import { readFileSync, writeFileSync } from "node:fs";
import { mkdir, stat, truncate, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NOW } from "../testing/builders.ts";
import { FakeApi } from "../testing/fake-api.ts";
import { fakeProcesses, serverProcess } from "../testing/fake-processes.ts";
import { story } from "../testing/story.ts";
import { testCli, writeInstance } from "../testing/test-cli.ts";

let api: FakeApi;
beforeEach(async () => {
  api = await new FakeApi().start();
});
afterEach(() => api.stop());

/** A command line on a machine where the fake server is up, or comes up when it is started. */
function machine(given: { running?: boolean; env?: Record<string, string>; terminal?: boolean } = {}) {
  const { running = true, env = {}, terminal = false } = given;
  const processes = fakeProcesses();
  const cli = testCli({ env, terminal, world: { processes } });
  const comeUp = () => {
    processes.alive.set(4242, serverProcess);
    writeInstance(cli.home, { pid: 4242, url: api.url });
  };
  if (running) comeUp();
  return Object.assign(cli, { processes, comeUp });
}

describe("agency up", () => {
  it("becomes the server, with what the command line says", async () => {
    using cli = machine({ running: false });
    expect(await cli.run("up", "--port", "9000", "--listen", "0.0.0.0")).toBe(0);
    expect(cli.processes.became).toHaveLength(1);
    expect(cli.processes.became[0]).toMatchObject({
      args: ["/opt/agency/apps/server/src/main.ts"],
      env: { AGENCY_HOME: cli.home, AGENCY_PORT: "9000", AGENCY_LISTEN: "0.0.0.0" },
    });
  });

  it("is what happens without a command", async () => {
    using cli = machine({ running: false });
    expect(await cli.run()).toBe(0);
    expect(cli.processes.became).toHaveLength(1);
  });

  it("says where Agency is when it is up already", async () => {
    using cli = machine();
    expect(await cli.run("up")).toBe(0);
    expect(await cli.run("up", "--detach", "--json")).toBe(0);
    expect(cli.stdout.text).toContain(`Agency is already running at ${api.url} (process 4242).\n`);
    expect(JSON.parse(cli.stdout.text.split("\n")[1] ?? "")).toMatchObject({ pid: 4242, url: api.url });
    expect(cli.processes.became).toEqual([]);
  });

  it("refuses a port that is none before it starts anything", async () => {
    using cli = machine({ running: false });
    expect(await cli.run("up", "--port", "99999")).toBe(2);
    expect(cli.stderr.text).toContain(
      'AGENCY_PORT must be a whole number from 0 to 65535 (--port: "99999").',
    );
    expect(cli.processes.became).toEqual([]);
  });
});

describe("agency up --detach", () => {
  it("starts the server in the data folder and returns when it is ready", async () => {
    using cli = machine({ running: false });
    writeFileSync(
      `${cli.home}/.env`,
      "ANTHROPIC_API_KEY=sk-from-dotenv\nDATABASE_URL=postgres://somebody@else/db\n",
    );
    cli.processes.onStart = (options) => {
      expect(options).toMatchObject({ cwd: cli.home, logFile: `${cli.home}/logs/server.log` });
      expect(options.env).toMatchObject({ AGENCY_HOME: cli.home, ANTHROPIC_API_KEY: "sk-from-dotenv" });
      expect(options.env.DATABASE_URL).toBeUndefined();
      cli.comeUp();
    };
    expect(await cli.run("up", "-d")).toBe(0);
    expect(cli.stdout.text).toBe(`Agency is running at ${api.url} (process 4242).\n`);
    expect((await stat(`${cli.home}/logs`)).mode & 0o777).toBe(0o700);
  });

  it("shows the end of the log when the server ends before it is ready", async () => {
    using cli = machine({ running: false });
    await mkdir(`${cli.home}/logs`);
    await writeFile(`${cli.home}/logs/server.log`, '{"msg":"of another day"}\n');
    cli.processes.startNode = (_, { logFile }) => {
      writeFileSync(logFile, '{"msg":"Port 7717 is in use.","next":"Set AGENCY_PORT."}\n', { flag: "a" });
      return { pid: 1, exited: Promise.resolve() };
    };
    expect(await cli.run("up", "-d")).toBe(5);
    expect(cli.stderr.text).toContain(
      "The server ended before it was ready.\n  Port 7717 is in use. Set AGENCY_PORT.\n",
    );
    expect(cli.stderr.text).toContain(`Its log is ${cli.home}/logs/server.log`);
    expect(cli.stderr.text).not.toContain("another day");
  });

  it("uses the server of another command that was faster", async () => {
    using cli = machine({ running: false });
    cli.processes.startNode = () => {
      cli.comeUp();
      return { pid: 1, exited: Promise.resolve() };
    };
    expect(await cli.run("up", "-d")).toBe(0);
    expect(cli.stdout.text).toContain("(process 4242)");
  });

  it("gives up after a minute", async () => {
    using cli = machine({ running: false });
    cli.processes.startNode = (_, { logFile }) => {
      writeFileSync(logFile, "still working\n");
      cli.clock.stepMs = 20_000;
      return { pid: 1, exited: new Promise(() => {}) };
    };
    expect(await cli.run("up", "-d")).toBe(5);
    expect(cli.stderr.text).toContain("The server was not ready within 60 s.\n  still working");
  });

  it("puts a log that has grown large aside", async () => {
    using cli = machine({ running: false });
    await mkdir(`${cli.home}/logs`);
    await writeFile(`${cli.home}/logs/server.log`, "old");
    await truncate(`${cli.home}/logs/server.log`, 11 * 1024 * 1024);
    cli.processes.onStart = cli.comeUp;
    expect(await cli.run("up", "-d")).toBe(0);
    expect(readFileSync(`${cli.home}/logs/server.log.1`, "utf8").slice(0, 3)).toBe("old");
  });

  it("says when the data folder cannot be written", async () => {
    using cli = testCli();
    writeFileSync(`${cli.home}/file`, "");
    Object.assign(cli.world, { env: { AGENCY_HOME: `${cli.home}/file/data` } });
    expect(await cli.run("up", "-d")).toBe(4);
    expect(cli.stderr.text).toContain(`Agency cannot write to ${cli.home}/file/data: ENOTDIR`);
    expect(cli.stderr.text).toContain("Set AGENCY_HOME");
  });
});

describe("agency run without a server", () => {
  it("starts one, says so, and runs", async () => {
    using cli = machine({ running: false });
    cli.processes.onStart = cli.comeUp;
    api.onCreate = (task) => {
      api.emit(task.id, ...story());
      api.update(task.id, { state: "completed" });
    };
    expect(await cli.run("run", "--demo")).toBe(0);
    expect(cli.stderr.text).toBe(
      `Agency is not running yet: starting it …\nAgency is running at ${api.url} (stop it with \`agency down\`).\n`,
    );
    expect(cli.stdout.text).toContain("✓ Completed");
  });

  it("starts none when a server is named that does not answer", async () => {
    using cli = machine({ running: false, env: { AGENCY_URL: "http://127.0.0.1:1", AGENCY_API_KEY: "k" } });
    cli.processes.onStart = () => expect.unreachable();
    expect(await cli.run("run", "x")).toBe(5);
  });

  it("uses the one that is up", async () => {
    using cli = machine();
    cli.processes.onStart = () => expect.unreachable();
    expect(await cli.run("run", "-d", "x")).toBe(0);
  });
});

describe("agency down", () => {
  it("asks the server to stop and waits until it is gone", async () => {
    using cli = machine();
    let looks = 0;
    cli.processes.onSignal = () => {};
    cli.processes.inspect = async () => (++looks > 4 ? null : serverProcess);
    expect(await cli.run("down")).toBe(0);
    expect(cli.processes.signalled).toEqual([4242]);
    expect(looks).toBe(5);
    expect(cli.stdout.text).toBe("Agency has stopped (process 4242).\n");
  });

  it("never signals a process that is not our server", async () => {
    using cli = machine();
    for (const other of [
      { ...serverProcess, command: "/usr/sbin/sshd -D" },
      { ...serverProcess, startedAtMs: NOW + 60_000 },
    ]) {
      cli.processes.alive.set(4242, other);
      expect(await cli.run("down")).toBe(0);
    }
    expect(cli.processes.signalled).toEqual([]);
    expect(cli.stdout.text).toBe("Agency is not running.\nAgency is not running.\n");
  });

  it("says when the server is somebody else's", async () => {
    using cli = machine();
    cli.processes.onSignal = () => {
      throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
    };
    expect(await cli.run("down")).toBe(4);
    expect(cli.stderr.text).toContain("The server (process 4242) belongs to another user.");
  });

  it("does not wait for ever", async () => {
    using cli = machine();
    cli.processes.onSignal = () => {
      cli.clock.stepMs = 10_000;
    };
    expect(await cli.run("down")).toBe(1);
    expect(cli.stderr.text).toContain("has not stopped within 30 s");
  });
});

describe("agency open", () => {
  it("prints a link that signs in once, and opens it on a desktop", async () => {
    const expiresAt = "2026-01-01T00:10:00.000Z";
    api.answers.set("POST /v1/sign-in-links", { token: "token", path: "/sign-in#link=token", expiresAt });
    using desktop = machine({ env: { DISPLAY: ":0" }, terminal: true });
    expect(await desktop.run("open")).toBe(0);
    expect(desktop.processes.launched).toEqual([["xdg-open", `${api.url}/sign-in#link=token`]]);
    using pipe = machine({ env: { DISPLAY: ":0" } });
    expect(await pipe.run("open")).toBe(0);
    expect(pipe.stdout.text).toBe(`${api.url}/sign-in#link=token\n`);
    expect(pipe.processes.launched).toEqual([]);
    using console = machine({ terminal: true });
    expect(await console.run("open")).toBe(0);
    expect(console.processes.launched).toEqual([]);
  });

  it("needs a server", async () => {
    using cli = machine({ running: false });
    expect(await cli.run("open")).toBe(5);
  });
});

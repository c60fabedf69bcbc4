import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Provider, SandboxRef } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGround, quiet, runOutside, signal } from "./testing/ground.ts";
import type { Ground, Inside } from "./testing/ground.ts";
import { callNumber, perl, programOutput, tryCall } from "./testing/probes.ts";

const EPERM = "1";
const PTRACE_SEIZE = 0x4206;

let ground: Ground;
let provider: Provider;
let ref: SandboxRef;
let inside: Inside;

beforeEach(async () => {
  ground = await createGround();
  provider = ground.provider();
  ref = await provider.create(sandboxSpec(), quiet);
  inside = await ground.inside(ref);
});
afterEach(async () => {
  await ground.dispose();
});

describe("a hijacked agent and the processes of the machine: it", () => {
  it("finds no path of the host in what any process was started with", async () => {
    const search = `
      const fs = require("node:fs");
      const read = (path) => { try { return fs.readFileSync(path, "latin1"); } catch { return ""; } };
      const link = (path) => { try { return fs.readlinkSync(path); } catch { return ""; } };
      const pids = fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name) && name !== String(process.pid));
      return pids.flatMap((pid) => ["cmdline", "environ"].map((file) => read("/proc/" + pid + "/" + file))
        .concat(["cwd", "exe"].map((name) => link("/proc/" + pid + "/" + name))))
        .some((text) => text.includes(${JSON.stringify(ground.base)}));`;
    expect(await runOutside(search)).toEqual({ value: true });
    expect(await inside.run(search)).toMatchObject({ value: false });
  });

  it("reaches no process of the host by its number, the server least of all", async () => {
    const victim = await startVictim();
    try {
      const knock = (pid: number): string => `
        try { process.kill(${pid}, 0); return "there"; } catch (error) { return error.code; }`;
      for (const pid of [victim.pid ?? 0, process.pid]) {
        expect(await runOutside(knock(pid))).toEqual({ value: "there" });
        expect(await inside.run(knock(pid))).toMatchObject({ value: "ESRCH" });
      }
      const kill = `process.kill(${victim.pid}, "SIGKILL")`;
      expect(await inside.run(kill)).toMatchObject({ error: "ESRCH" });
      expect(victim.exitCode ?? victim.signalCode).toBeNull();
      const ended = once(victim, "exit");
      await runOutside(kill);
      expect(await ended).toEqual([null, "SIGKILL"]);
    } finally {
      victim.kill("SIGKILL");
    }
  });

  it("cannot read another process's memory, not even its own by that way", async () => {
    const read = `
      my ($secret, $room, $me) = ("canary", "\\0" x 6, $$ + 0);
      my ($to, $from) = map { pack "QQ", unpack("Q", pack "P", $_), 6 } $room, $secret;
      $! = 0;
      my $r = syscall(${callNumber("process_vm_readv")}, $me, $to, 1, $from, 1, 0);
      print $r == -1 ? $!+0 : $room;`;
    expect(await runOutside(perl(read))).toEqual({ value: "canary" });
    expect(await inside.run(perl(read))).toMatchObject({ value: EPERM });
  });

  it("cannot hold the sandbox's first process, and the sandbox ends when it is told to", async () => {
    const seize = tryCall("ptrace", `${PTRACE_SEIZE}, 1, 0, 0`);
    // The control: bubblewrap alone, with everything but the filter.
    const bare = ["--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"];
    expect(await runOutside(programOutput("bwrap", [...bare, "perl", "-e", seize]))).toEqual({ value: "0" });
    expect(await inside.run(perl(seize))).toMatchObject({ value: EPERM });
    await inside.run('process.kill(1, "SIGSTOP")');
    expect(await inside.run("return 1")).toMatchObject({ value: 1 });
    const began = performance.now();
    await provider.destroy(ref, signal);
    expect(performance.now() - began).toBeLessThan(2000);
    await inside.closed;
  });

  it("takes nothing with it when it stops all it can reach", async () => {
    const bystander = await provider.create(sandboxSpec(), quiet);
    const other = await ground.inside(bystander);
    void inside.run(
      `require("node:child_process").spawn("sh", ["-c", "kill -STOP -1"], { stdio: "ignore" }); process.kill(-1, "SIGSTOP")`,
    );
    expect(await other.run("return 1")).toMatchObject({ value: 1 });
    expect(await runOutside("return 1")).toEqual({ value: 1 });
    const began = performance.now();
    await provider.destroy(ref, signal);
    expect(performance.now() - began).toBeLessThan(2000);
    await inside.closed;
  });
});

async function startVictim(): Promise<ChildProcess> {
  const victim = spawn("tail", ["-f", "/dev/null"], { stdio: "ignore" });
  await once(victim, "spawn");
  return victim;
}

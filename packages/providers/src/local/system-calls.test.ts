import type { Provider } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DENIED } from "./seccomp/policy.ts";
import { SYSCALLS_ARM64 } from "./seccomp/syscalls-arm64.ts";
import { SYSCALLS_X64 } from "./seccomp/syscalls-x64.ts";
import type { SyscallName } from "./seccomp/syscalls-x64.ts";
import { createGround, quiet, runOutside } from "./testing/ground.ts";
import type { Ground, Inside } from "./testing/ground.ts";

const numbers: Readonly<Partial<Record<SyscallName, number>>> =
  process.arch === "arm64" ? SYSCALLS_ARM64 : SYSCALLS_X64;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const SIGSYS = "SIGSYS";

let ground: Ground;
let provider: Provider;
let inside: Inside;

beforeAll(async () => {
  ground = await createGround();
  provider = ground.provider();
  inside = await ground.inside(await provider.create(sandboxSpec(), quiet));
});
afterAll(async () => {
  await ground.dispose();
});

/** Perl makes each call by number; what it answers is 0 or the error number, or the signal that ended it. */
function callEach(calls: readonly (readonly number[])[]): string {
  const lines = calls.map(
    (args) => `$! = 0; my $r = syscall(${args.join(", ")}); print $r == -1 ? $!+0 : 0, "\\n";`,
  );
  return `
    const script = ${JSON.stringify(lines.map((line) => `{ ${line} }`).join("\n"))};
    const result = require("node:child_process").spawnSync("perl", ["-e", "$| = 1;" + script], { encoding: "utf8" });
    return [...result.stdout.trim().split("\\n").filter((line) => line !== "").map(Number), ...(result.signal ? [result.signal] : [])];`;
}

describe("the system call filter in a real sandbox", () => {
  const present = DENIED.flatMap((name) => numbers[name] ?? []);

  it("refuses every denied call, whatever its arguments", async () => {
    const calls = present.map((number) => [number, -1, -1, -1, -1, -1]);
    expect(await inside.run(callEach(calls))).toMatchObject({ value: calls.map(() => EPERM) });
  });

  it("hides clone3 and calls newer than the policy", async () => {
    expect(await inside.run(callEach([[numbers.clone3 ?? 0, 0, 0], [600]]))).toMatchObject({
      value: [ENOSYS, ENOSYS],
    });
  });

  it("refuses sockets of other families, and leaves the usual ones", async () => {
    const socket = numbers.socket ?? 0;
    const [unix, inet, inet6, packet, alg, vsock, xdp] = [1, 2, 10, 17, 38, 40, 44];
    const calls = [unix, inet, inet6].map((family) => [socket, family, 1, 0]);
    expect(await inside.run(callEach(calls))).toMatchObject({ value: [0, 0, 0] });
    const closed = [packet, alg, vsock, xdp].map((family) => [socket, family, 3, 0]);
    expect(await inside.run(callEach(closed))).toMatchObject({ value: closed.map(() => EAFNOSUPPORT) });
    expect((await runOutside(callEach([[socket, alg, 5, 0]]))).value).not.toEqual([EAFNOSUPPORT, SIGSYS]);
  });

  it("refuses to type into a terminal, whatever the high half of the request says", async () => {
    const ioctl = numbers.ioctl ?? 0;
    const [tiocsti, tioclinux, tcgets] = [0x5412, 0x541c, 0x5401];
    const ENOTTY = 25;
    const calls = [tiocsti, 2 ** 32 + tiocsti, tioclinux, tcgets].map((request) => [ioctl, 0, request, 0]);
    expect(await inside.run(callEach(calls))).toMatchObject({ value: [EPERM, EPERM, EPERM, ENOTTY] });
  });

  it("refuses new namespaces by clone", async () => {
    const newUser = 0x1000_0011;
    expect(await inside.run(callEach([[numbers.clone ?? 0, newUser, 0, 0, 0, 0]]))).toMatchObject({
      value: [EPERM],
    });
  });

  it("leaves nothing of the x32 ABI", async () => {
    const getpid = 39;
    expect(await inside.run(callEach([[0x4000_0000 + getpid]]))).toMatchObject({
      value: [process.arch === "x64" ? SIGSYS : ENOSYS],
    });
  });

  it("does not hinder node, its threads and git", async () => {
    const work = `
      const { execFileSync } = require("node:child_process");
      const { Worker } = require("node:worker_threads");
      const worker = new Worker("require('node:worker_threads').parentPort.postMessage(1)", { eval: true });
      const fromThread = await new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
      execFileSync("git", ["init", "-q", "repo"]);
      execFileSync("git", ["-C", "repo", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"]);
      return [fromThread, execFileSync("git", ["-C", "repo", "log", "--format=%s"], { encoding: "utf8" }).trim()];`;
    expect(await inside.run(work)).toMatchObject({ value: [1, "x"] });
  });
});

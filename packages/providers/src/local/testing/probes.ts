import type { Server } from "node:net";
import { SYSCALLS_ARM64 } from "../seccomp/syscalls-arm64.ts";
import { SYSCALLS_X64 } from "../seccomp/syscalls-x64.ts";
import type { SyscallName } from "../seccomp/syscalls-x64.ts";

/** Code for `Inside.run` and `runOutside`: what an attacker would try, to be carried out on both sides of the wall. */

const numbers: Readonly<Partial<Record<SyscallName, number>>> =
  process.arch === "arm64" ? SYSCALLS_ARM64 : SYSCALLS_X64;

export const isRoot = process.geteuid?.() === 0;

export function callNumber(name: SyscallName): number {
  const number = numbers[name];
  if (number === undefined) throw new Error(`there is no ${name} on ${process.arch}`);
  return number;
}

export function readProbe(path: string): string {
  return `return require("node:fs").readFileSync(${JSON.stringify(path)}, "utf8")`;
}

export function writeProbe(path: string, text: string): string {
  return `require("node:fs").writeFileSync(${JSON.stringify(path)}, ${JSON.stringify(text)}); return "written"`;
}

/** What the other side said first, or "" when it hung up without a word. */
export function connectProbe(at: { path: string } | { host: string; port: number }): string {
  return `
    const socket = require("node:net").connect(${JSON.stringify(at)});
    return new Promise((resolve, reject) => {
      socket.once("data", (data) => { resolve(data.toString()); socket.destroy(); });
      socket.once("close", () => resolve(""));
      socket.once("error", reject);
      socket.once("connect", () => socket.write("GET /_ping HTTP/1.0\\r\\n\\r\\n"));
    });`;
}

export function programOutput(program: string, args: readonly string[]): string {
  return `
    const { error, status, stdout, stderr } = require("node:child_process").spawnSync(${JSON.stringify(program)}, ${JSON.stringify(args)}, { encoding: "utf8" });
    if (error) throw error;
    if (status !== 0) throw stderr;
    return stdout;`;
}

/** Perl is part of every Debian, and can make any system call by number. */
export function perl(script: string): string {
  return programOutput("perl", ["-e", script]);
}

/** The same as root of a user namespace of its own: what an ordinary program outside can become at will. */
export function privilegedPerl(script: string): string {
  const own = ["--user", "--map-root-user", "--mount", "--uts", "--ipc", "--net"];
  return programOutput("unshare", [...own, "perl", "-e", script]);
}

/** Perl that prints the error number of a call, or 0 when it was carried out. */
export function tryCall(name: SyscallName, args: string): string {
  return `$! = 0; my $r = syscall(${callNumber(name)}, ${args}); print $r == -1 ? $!+0 : 0;`;
}

export async function listening(
  server: Server,
  at: { path: string } | { host: string; port: number },
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(at, resolve);
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

import { randomBytes } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sandboxSpec } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGround, quiet, runOutside } from "./testing/ground.ts";
import type { Answer, Ground, Inside } from "./testing/ground.ts";
import { callNumber, isRoot, perl, privilegedPerl, programOutput, tryCall } from "./testing/probes.ts";

const canary = randomBytes(16).toString("hex");
const EPERM = "1";
const ENOENT = "2";

let ground: Ground;
let inside: Inside;

beforeAll(async () => {
  ground = await createGround();
  inside = await ground.inside(await ground.provider().create(sandboxSpec(), quiet));
});
afterAll(async () => {
  await ground.dispose();
});

interface Attempt {
  readonly what: string;
  readonly script: string;
  /** Who may do it outside: anybody, root of a user namespace of its own, or only this machine's root. */
  readonly may: "anyone" | "own root" | "root";
  /** What the call says outside; a path that does not exist is far enough past the guard. */
  readonly outside?: string;
}

const NEW_USER = 0x1000_0000;
const CHILD = 17;
const ATTEMPTS: readonly Attempt[] = [
  { what: "make a user namespace by unshare", script: tryCall("unshare", `${NEW_USER}`), may: "anyone" },
  {
    what: "make a user namespace by clone",
    script: `$! = 0; my $r = syscall(${callNumber("clone")}, ${NEW_USER + CHILD}, 0, 0, 0, 0); exit if $r == 0; print $r == -1 ? $!+0 : 0; wait;`,
    may: "anyone",
  },
  {
    what: "enter a namespace",
    script: `open my $ns, "<", "/proc/self/ns/uts" or die; ${tryCall("setns", "fileno($ns), 0")}`,
    may: "own root",
  },
  {
    what: "open a file system",
    script: `my $fs = "tmpfs"; ${tryCall("fsopen", "$fs, 0")}`,
    may: "own root",
  },
  {
    what: "change the root",
    script: `my $at = "/nowhere"; ${tryCall("pivot_root", "$at, $at")}`,
    may: "own root",
    outside: ENOENT,
  },
  {
    what: "put a key into a keyring",
    script: `my ($type, $name, $key) = ("user", "agency", "x"); ${tryCall("add_key", "$type, $name, $key, 1, -2")}`,
    may: "anyone",
  },
  { what: "ask for a keyring", script: tryCall("keyctl", "0, -2, 1"), may: "anyone" },
  {
    what: "set up an io_uring",
    script: `my $room = "\\0" x 120; ${tryCall("io_uring_setup", "1, $room")}`,
    may: "anyone",
  },
  { what: "handle page faults", script: tryCall("userfaultfd", "1"), may: "anyone" },
  {
    what: "load a BPF map",
    script: `my $map = pack("L6 x104", 2, 4, 4, 1, 0, 0); ${tryCall("bpf", "0, $map, 128")}`,
    may: "root",
  },
  {
    what: "count the kernel's events",
    script: `my $event = pack("LLQ x112", 1, 128, 0); ${tryCall("perf_event_open", "$event, 0, -1, -1, 0")}`,
    may: "root",
  },
];

describe("a hijacked agent gains no privilege: it", () => {
  it.each(ATTEMPTS)("may not $what", async ({ script, may, outside = "0" }) => {
    const probe = may === "own root" ? privilegedPerl(script) : perl(script);
    if (may !== "root" || isRoot) expect(await runOutside(probe)).toEqual({ value: outside });
    expect(await inside.run(perl(script))).toMatchObject({ value: EPERM });
  });

  it("may not make the disk's device, and finds no device but the harmless ones", async () => {
    const make = (path: string): string => programOutput("mknod", [path, "b", "254", "0"]);
    if (isRoot) expect(await runOutside(make(join(ground.base, "disk")))).toEqual({ value: "" });
    expect((await inside.run(make("/workspace/disk"))).error).toMatch(/Operation not permitted/u);
    const harmless = ["console", "core", "fd", "full", "null", "ptmx", "pts", "random", "shm"];
    const streams = ["stderr", "stdin", "stdout", "tty", "urandom", "zero"];
    const found = (await inside.run('return require("node:fs").readdirSync("/dev")')).value as string[];
    const known = new Set([...harmless, ...streams]);
    expect(found.filter((name) => !known.has(name))).toEqual([]);
    expect((await readdir("/dev")).filter((name) => !known.has(name))).not.toEqual([]);
  });

  it("may not type into a terminal, not even one of its own", async () => {
    const typing = `
      use POSIX ();
      open my $master, "+<", "/dev/ptmx" or die;
      my ($lock, $number) = (pack("i", 0), pack("i", 0));
      ioctl($master, 0x40045431, $lock) && ioctl($master, 0x80045430, $number) or die;
      if (!fork) {
        POSIX::setsid();
        open my $terminal, "+<", "/dev/pts/" . unpack("i", $number) or die;
        my $key = "x";
        print join " ", map { $! = 0; syscall(${callNumber("ioctl")}, fileno($terminal), $_, $key) == -1 ? $!+0 : 0 } 0x5412, 2**32 + 0x5412, 0x541c;
        exit;
      }
      wait;`;
    const outside = String((await runOutside(perl(typing))).value).split(" ");
    expect(outside).toHaveLength(3);
    expect(outside).not.toContain(EPERM);
    if (isRoot) expect(outside.slice(0, 2)).toEqual(["0", "0"]);
    expect(await inside.run(perl(typing))).toMatchObject({ value: "1 1 1" });
  });

  it("may not open sockets that go below or around the network", async () => {
    const open = (family: number, type: number, protocol: number): string =>
      `use Socket; $! = 0; print socket(my $s, ${family}, ${type}, ${protocol}) ? 0 : $!+0;`;
    const EAFNOSUPPORT = "97";
    const [icmp, packet, netfilter] = [open(2, 3, 1), open(17, 3, 0), open(16, 3, 12)];
    for (const script of [icmp, packet, netfilter])
      expect(await runOutside(privilegedPerl(script))).toEqual({ value: "0" });
    expect(await inside.run(perl(icmp))).toMatchObject({ value: EPERM });
    // To the host's hypervisor, and to the kernel's cryptography: not every kernel has them at all.
    for (const script of [packet, netfilter, open(40, 1, 0), open(38, 5, 0)])
      expect(await inside.run(perl(script))).toMatchObject({ value: EAFNOSUPPORT });
  });

  it("may not change addresses or interfaces", async () => {
    const SIOCSIFADDR = 0x8916;
    const SIOCSIFFLAGS = 0x8914;
    const change = `
      use Socket;
      socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
      my ($up, $address) = (pack("a16 S x14", "lo", 0x41), pack("a16 S n a4 x8", "lo", AF_INET, 0, inet_aton("192.0.2.7")));
      print join " ", map { $! = 0; ioctl($s, $$_[0], $$_[1]) ? 0 : $!+0 } [${SIOCSIFADDR}, $address], [${SIOCSIFFLAGS}, $up];`;
    expect(await runOutside(privilegedPerl(change))).toEqual({ value: "0 0" });
    expect(await inside.run(perl(change))).toMatchObject({ value: "1 1" });
  });

  it("may not open a file by its handle, as the shocker did", async () => {
    if (!isRoot) return;
    const secret = join(ground.base, "by-handle");
    await writeFile(secret, canary);
    const NAME_TO_HANDLE_AT = process.arch === "arm64" ? 264 : 303;
    const handle = await runOutside(
      perl(
        `my ($path, $handle, $mount) = ("${secret}", pack("L x132", 128), pack("i", 0)); syscall(${NAME_TO_HANDLE_AT}, -100, $path, $handle, $mount, 0) == 0 or die $!; print unpack "H*", $handle;`,
      ),
    );
    const open = (near: string): string =>
      perl(
        `open my $dir, "<", "${near}" or die; my $handle = pack("H*", "${String(handle.value)}"); $! = 0; my $fd = syscall(${callNumber("open_by_handle_at")}, fileno($dir), $handle, 0); if ($fd == -1) { print $!+0; exit } open my $file, "<&=", $fd; print <$file>;`,
      );
    expect(await runOutside(open(ground.base))).toEqual({ value: canary });
    expect(await inside.run(open("/workspace"))).toMatchObject({ value: EPERM });
  });

  it("may not use the 32-bit calls of the machine", async () => {
    if (process.arch !== "x64") return;
    const runIt = (folder: string): string => `
      const fs = require("node:fs");
      fs.writeFileSync("${folder}/i386", Buffer.from("${exitingWith42().toString("hex")}", "hex"), { mode: 0o755 });
      const { status, signal, error } = require("node:child_process").spawnSync("${folder}/i386");
      return error?.code ?? signal ?? status;`;
    const outside: Answer = await runOutside(runIt(ground.base));
    // A kernel built without them has nothing to close.
    expect([42, "ENOEXEC"]).toContain(outside.value);
    const closed = outside.value === 42 ? "SIGSYS" : "ENOEXEC";
    expect(await inside.run(runIt("/workspace"))).toMatchObject({ value: closed });
  });
});

/** A whole i386 program: `mov eax, 1; mov ebx, 42; int 0x80`. */
function exitingWith42(): Buffer {
  const code = Buffer.from("b801000000bb2a000000cd80", "hex");
  const [base, headers] = [0x0804_8000, 84];
  const size = headers + code.length;
  const ident = Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]), Buffer.alloc(9)]);
  const kind = Buffer.from(new Uint16Array([2, 3]).buffer);
  const entry = Buffer.from(new Uint32Array([1, base + headers, 52, 0, 0]).buffer);
  const sizes = Buffer.from(new Uint16Array([52, 32, 1, 0, 0, 0]).buffer);
  const segment = Buffer.from(new Uint32Array([1, 0, base, base, size, size, 5, 0x1000]).buffer);
  return Buffer.concat([ident, kind, entry, sizes, segment, code]);
}

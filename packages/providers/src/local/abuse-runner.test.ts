import { randomBytes } from "node:crypto";
import { chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { sandboxSpec } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCreator } from "./testing/creator.ts";
import type { Creator } from "./testing/creator.ts";
import { createGround, quiet } from "./testing/ground.ts";
import type { Answer, Ground, Inside } from "./testing/ground.ts";
import { callNumber, isRoot } from "./testing/probes.ts";

const NOBODY = 65_534;
const canary = `token-${randomBytes(16).toString("hex")}`;

/**
 * All that one process can try on another of its uid, in a process of its own as an agent's are. It says which ways
 * led into the other: "read" counts only when the secret was really found.
 */
const ATTACK = `
my ($pid, $secret) = @ARGV;
my @open;
sub slurp { open my $f, "<:raw", shift or return ""; local $/; my $all = <$f>; defined $all ? $all : "" }
push @open, "environ" if slurp("/proc/$pid/environ") ne "";
push @open, "maps" if slurp("/proc/$pid/maps") ne "";
push @open, "auxv" if slurp("/proc/$pid/auxv") ne "";
if (opendir my $d, "/proc/$pid/fd") { push @open, "fd" if grep { !/^[.]/ } readdir $d }
push @open, "exe" if open(my $e, "<", "/proc/$pid/exe");
push @open, "cwd" if defined readlink "/proc/$pid/cwd";
push @open, "root" if -e "/proc/$pid/root/etc";
push @open, "task" if slurp("/proc/$pid/task/$pid/environ") ne "";
push @open, "writable mem" if open(my $w, "+<:raw", "/proc/$pid/mem");
push @open, "oom" if open(my $o, ">", "/proc/$pid/oom_score_adj");
if (open my $mem, "<:raw", "/proc/$pid/mem") {
  push @open, "mem";
  FOUND: for (split /\\n/, slurp("/proc/$pid/maps")) {
    my ($from, $to) = /^([0-9a-f]+)-([0-9a-f]+) rw/ or next;
    for (my ($at, $end) = (hex $from, hex $to); $at < $end; $at += 1 << 20) {
      sysseek $mem, $at, 0 or next;
      my $size = $end - $at < 1 << 20 ? $end - $at : 1 << 20;
      sysread $mem, my $bytes, $size or next;
      if (index($bytes, $secret) >= 0) { push @open, "secret"; last FOUND }
    }
  }
}
my $room = "\\0" x 8;
my $iov = pack("PQ", $room, 8);
my $at = pack("QQ", 0, 8);
my %calls = (VM => [${callNumber("process_vm_readv")}, $pid, $iov, 1, $at, 1, 0], ATTACH => [${callNumber("ptrace")}, 16, $pid, 0, 0]);
for my $name (sort keys %calls) { $! = 0; my ($number, @args) = @{$calls{$name}}; push @open, $name if syscall($number, map { /^[0-9]+$/ ? $_ + 0 : $_ } @args) != -1 }
print join ",", @open;`;

interface Place {
  readonly ground: Ground;
  readonly inside: Inside;
  readonly close: () => Promise<void>;
}

async function ofTheServer(): Promise<Place> {
  const ground = await createGround();
  const inside = await ground.inside(await ground.provider().create(sandboxSpec(), quiet));
  return { ground, inside, close: ground.dispose };
}

async function ofAnOrdinaryUser(): Promise<Place> {
  const ground = await createGround();
  await mkdir(join(ground.base, "data"), { mode: 0o700 });
  if (isRoot) await chown(join(ground.base, "data"), NOBODY, NOBODY);
  const creator: Creator = await startCreator(ground.base, ground.options, isRoot ? { uid: NOBODY } : {});
  const ref = await creator.call("create", sandboxSpec());
  const close = async (): Promise<void> => {
    await creator.call("discard", ref);
    await creator.kill();
    await ground.dispose();
  };
  return { ground, inside: await ground.inside(ref), close };
}

/** The secret is really in the memory of both: of the runner, and of an ordinary program that the agent may look into. */
function attack(on: "the runner" | "an ordinary program" | "the first process"): string {
  const target = {
    "the runner": "process.pid",
    "an ordinary program": "other.pid",
    "the first process": "1",
  }[on];
  return `
    const { spawn, spawnSync } = require("node:child_process");
    globalThis.kept = Buffer.from(${JSON.stringify(canary)});
    const hold = "const kept = Buffer.from(process.env.KEPT); process.stdout.write('x'); setInterval(() => kept, 1000)";
    const other = spawn("/opt/agency/bin/node", ["-e", hold], { env: { KEPT: ${JSON.stringify(canary)} } });
    await new Promise((resolve) => other.stdout.once("data", resolve));
    try {
      const { stdout, stderr } = spawnSync("perl", ["-e", ${JSON.stringify(ATTACK)}, String(${target}), ${JSON.stringify(canary)}], { encoding: "utf8" });
      if (stderr !== "") throw stderr;
      return stdout;
    } finally { other.kill("SIGKILL"); }`;
}

const waysOf = ({ value, error }: Answer): string[] => {
  if (typeof value !== "string") throw new Error(error ?? "no answer");
  return value.split(",").filter(Boolean);
};

describe.each([
  ["a server with users to give away", ofTheServer],
  ["a server that is an ordinary user", ofAnOrdinaryUser],
])("a hijacked agent in a sandbox of %s", (_whose, open) => {
  let place: Place;
  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place.close());

  it("cannot look into the runner, which holds the token, though it has the runner's uid", async () => {
    const { inside } = place;
    expect(await inside.run("return process.getuid()")).toMatchObject({ value: 1000 });
    // The control: the same attack on a program of the agent's own finds the secret.
    const control = waysOf(await inside.run(attack("an ordinary program")));
    expect(control).toEqual(expect.arrayContaining(["environ", "fd", "mem", "secret", "writable mem"]));
    expect(waysOf(await inside.run(attack("the runner")))).toEqual([]);
  });

  it("cannot read, copy or open up the program that the runner is", async () => {
    const tries = `
      const fs = require("node:fs");
      const path = process.execPath;
      const said = [];
      for (const change of [
        () => fs.openSync(path, "r"),
        () => fs.openSync("/proc/self/exe", "r"),
        () => fs.copyFileSync(path, "/workspace/copy"),
        () => fs.chmodSync(path, 0o755),
        () => fs.linkSync(path, "/workspace/link"),
      ]) try { change(); said.push("done"); } catch (error) { said.push(error.code); }
      return [path, ...said];`;
    const { value } = await place.inside.run(tries);
    expect(value).toEqual(["/opt/agency/sealed/node", "EACCES", "EACCES", "EACCES", "EROFS", "EXDEV"]);
    // Programs of the agent are as they always were.
    const own =
      'return require("node:child_process").spawnSync("node", ["-p", "process.execPath"], { encoding: "utf8" }).stdout';
    expect((await place.inside.run(own)).value).toBe("/opt/agency/bin/node\n");
  });

  it("gets no debugger by a signal to the runner", async () => {
    const signalled = (target: string): string => `
      const { spawn, spawnSync } = require("node:child_process");
      const net = require("node:net");
      const other = spawn("/opt/agency/bin/node", ["-e", "process.stdout.write('x'); setInterval(() => 0, 1000)"]);
      await new Promise((resolve) => other.stdout.once("data", resolve));
      const said = new Promise((resolve) => {
        other.stderr.once("data", () => resolve("debugger"));
        other.once("exit", () => resolve("nothing"));
      });
      spawnSync("perl", ["-e", "kill 'USR1', shift", String(${target})]);
      // The signal's own thread has begun, if it ever does, when a later signal was answered.
      const heard = ${target} === process.pid ? new Promise((resolve) => process.once("SIGUSR2", resolve)) : said;
      if (${target} === process.pid) spawnSync("perl", ["-e", "kill 'USR2', shift", String(process.pid)]);
      const answer = await heard;
      other.kill("SIGKILL");
      if (${target} !== process.pid) return answer;
      const { url } = require("node:inspector");
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      return url() ?? "nothing";`;
    expect(await place.inside.run(signalled("other.pid"))).toMatchObject({ value: "debugger" });
    expect(await place.inside.run(signalled("process.pid"))).toMatchObject({ value: "nothing" });
  });
});

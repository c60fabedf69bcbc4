import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Provider, SandboxRef } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderOf } from "./sandbox-folder.ts";
import { createGround, quiet, runOutside, signal } from "./testing/ground.ts";
import type { Ground, Inside } from "./testing/ground.ts";
import {
  callNumber,
  connectProbe,
  isRoot,
  listening,
  perl,
  programOutput,
  readProbe,
  writeProbe,
} from "./testing/probes.ts";

const canary = randomBytes(16).toString("hex");
const EPERM = 1;

let ground: Ground;
let provider: Provider;
let ref: SandboxRef;
let inside: Inside;
let shown: string;
let shared: string;

beforeAll(async () => {
  process.env["AGENCY_TEST_CANARY"] = canary;
  ground = await createGround();
  // Not below /tmp, where many machines ignore setuid bits.
  shown = await mkdtemp("/var/tmp/agency-shown-");
  shared = join(ground.base, "shared");
  await chmod(shown, 0o755);
  await mkdir(shared);
  await chmod(shared, 0o777);
  await writeFile(join(shown, "known"), canary);
  provider = ground.provider({ readOnlyPaths: [shown], readWritePaths: [shared] });
  const spec = sandboxSpec();
  ref = await provider.create({ ...spec, resources: { ...spec.resources, pids: 96 } }, quiet);
  inside = await ground.inside(ref);
});

afterAll(async () => {
  delete process.env["AGENCY_TEST_CANARY"];
  await ground.dispose();
  await rm(shown, { recursive: true, force: true });
});

/** Each probe is carried out twice: outside, where it must succeed, and inside, where it must not. */
describe("a hijacked agent in a local sandbox", () => {
  it("does not reach the home folder of the server's user", async () => {
    const secret = join(homedir(), `.agency-canary-${canary}`);
    await writeFile(secret, canary);
    try {
      const probe = readProbe(secret);
      expect(await runOutside(probe)).toEqual({ value: canary });
      expect(await inside.run(probe)).toMatchObject({ error: "ENOENT" });
    } finally {
      await rm(secret);
    }
  });

  it("does not reach the workspace of another task", async () => {
    const other = await provider.create(sandboxSpec(), quiet);
    const neighbour = await ground.inside(other);
    await neighbour.run(`require("node:fs").writeFileSync("/workspace/secret", "${canary}")`);
    const path = join(folderOf(ground.home, other).workspace, "secret");
    const probe = `
      const fs = require("node:fs");
      const roots = fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).map((pid) => "/proc/" + pid + "/root");
      const found = [];
      for (const place of [${JSON.stringify(path)}, ...roots.map((root) => root + ${JSON.stringify(path)}), ...roots.map((root) => root + "/workspace/secret")]) {
        try { if (fs.readFileSync(place, "utf8") === "${canary}") found.push(place); } catch {}
      }
      return found.length > 0;`;
    expect(await runOutside(probe)).toEqual({ value: true });
    expect(await inside.run(probe)).toMatchObject({ value: false });
    await provider.discard(other, signal);
  });

  it.each(["127.0.0.1", "::1"])("does not reach a port of the host's loopback at %s", async (host) => {
    const server = createServer((socket) => socket.end(canary));
    const port = await listening(server, { host, port: 0 });
    try {
      const probe = connectProbe({ host, port });
      expect(await runOutside(probe)).toEqual({ value: canary });
      expect((await inside.run(probe)).error).toMatch(/ECONNREFUSED|ENETUNREACH|EADDRNOTAVAIL/u);
    } finally {
      server.close();
    }
  });

  it("does not get an answer from a name server", async () => {
    const server = createSocket("udp4");
    server.on("message", (question, from) => server.send(dnsAnswer(question), from.port, from.address));
    await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
    try {
      const probe = `
        const { Resolver } = require("node:dns").promises;
        const resolver = new Resolver({ timeout: 200, tries: 1 });
        resolver.setServers(["127.0.0.1:${server.address().port}"]);
        return resolver.resolve4("canary.test");`;
      expect(await runOutside(probe)).toEqual({ value: ["192.0.2.1"] });
      expect((await inside.run(probe)).error).toMatch(/ECONNREFUSED|ETIMEOUT/u);
      const lookup = 'return require("node:dns").promises.lookup("example.com")';
      expect((await inside.run(lookup)).error).toMatch(/ENOTFOUND|EAI_AGAIN/u);
    } finally {
      server.close();
    }
  });

  it("does not reach the Docker socket", async () => {
    const standIn = createServer((socket) => socket.end(canary));
    const path = await dockerSocket(standIn);
    try {
      const probe = connectProbe({ path });
      expect((await runOutside(probe)).error).toBeUndefined();
      expect(await inside.run(probe)).toMatchObject({ error: "ENOENT" });
    } finally {
      standIn.close();
    }
  });

  it("does not reach an abstract unix socket of the host", async () => {
    const server = createServer((socket) => socket.end(canary));
    await listening(server, { path: `\0agency-test-${canary}` });
    try {
      const probe = connectProbe({ path: `\0agency-test-${canary}` });
      expect(await runOutside(probe)).toEqual({ value: canary });
      expect(await inside.run(probe)).toMatchObject({ error: "ECONNREFUSED" });
    } finally {
      server.close();
    }
  });

  it("cannot trace a process, not even its own child", async () => {
    const attach = `my $pid = fork() // die; if (!$pid) { sleep 60; exit } my $result = syscall(${callNumber("ptrace")}, 16, $pid, 0, 0); my $errno = $!+0; kill 9, $pid; print $result == 0 ? 0 : $errno;`;
    expect(await runOutside(perl(attach))).toEqual({ value: "0" });
    expect(await inside.run(perl(attach))).toMatchObject({ value: String(EPERM) });
  });

  it("cannot mount", async () => {
    const mount = `my ($fs, $at) = ("tmpfs", "/tmp"); print syscall(${callNumber("mount")}, $fs, $at, $fs, 0, 0) == 0 ? 0 : $!+0;`;
    const privileged = ["--user", "--map-root-user", "--mount", "perl", "-e", mount];
    expect(await runOutside(programOutput("unshare", privileged))).toEqual({ value: "0" });
    expect(await inside.run(perl(mount))).toMatchObject({ value: String(EPERM) });
    expect((await inside.run(programOutput("unshare", privileged))).error).toMatch(/unshare failed/u);
  });

  it("gains nothing from a setuid program", async () => {
    const privileges =
      'return /NoNewPrivs:\\s*(\\d)/.exec(require("node:fs").readFileSync("/proc/self/status", "utf8"))[1]';
    expect(await runOutside(privileges)).toEqual({ value: "0" });
    expect(await inside.run(privileges)).toMatchObject({ value: "1" });
    if (!isRoot) return;
    const program = join(shown, "who");
    await copyFile("/usr/bin/id", program);
    await chmod(program, 0o4755);
    const asNobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", program, "-u"];
    expect(await runOutside(programOutput("setpriv", asNobody))).toEqual({ value: "0\n" });
    expect(await inside.run(programOutput(program, ["-u"]))).toMatchObject({ value: "1000\n" });
  });

  it("does not see the environment of the server", async () => {
    const probe = `
      const fs = require("node:fs");
      const pids = fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name));
      const texts = pids.map((pid) => { try { return fs.readFileSync("/proc/" + pid + "/environ", "utf8"); } catch { return ""; } });
      return [JSON.stringify(process.env), ...texts].some((text) => text.includes("${canary}"));`;
    expect(await runOutside(probe)).toEqual({ value: true });
    expect(await inside.run(probe)).toMatchObject({ value: false });
  });

  it("cannot write outside its own folders", async () => {
    const closed = [
      "/usr/canary",
      "/etc/canary",
      "/canary",
      "/dev/canary",
      "/home/canary",
      "/opt/agency/runner.mjs",
    ];
    const ours = ["/opt/agency/bin/node", "/run/agency/door/canary", "/run/agency/bootstrap.json"];
    const answers = await Promise.all(
      [...closed, ...ours, "/proc/sys/kernel/core_pattern"].map((path) =>
        inside.run(writeProbe(path, canary)),
      ),
    );
    for (const { error } of answers) expect(error).toMatch(/EROFS|EACCES|EPERM|ETXTBSY/u);

    await inside.run(writeProbe(join(ground.base, "canary"), canary));
    await expect(stat(join(ground.base, "canary"))).rejects.toThrow(/ENOENT/u);

    expect(await runOutside(writeProbe(join(shown, "written"), canary))).toEqual({ value: "written" });
    expect(await inside.run(writeProbe(join(shown, "written"), canary))).toMatchObject({ error: "EROFS" });
    expect(await inside.run(readProbe(join(shown, "known")))).toMatchObject({ value: canary });

    expect(await inside.run(writeProbe(join(shared, "written"), canary))).toMatchObject({ value: "written" });
    expect(await readFile(join(shared, "written"), "utf8")).toBe(canary);
  });

  it("is held by its limit when it forks without end, while the server goes on", async () => {
    const forks = `my $n = 0; while ($n < 300) { my $pid = fork(); last unless defined $pid; if (!$pid) { sleep 60; exit } push @all, $pid; $n++ } kill 9, @all; print $n;`;
    expect(await runOutside(perl(forks))).toEqual({ value: "300" });
    expect(Number((await inside.run(perl(forks))).value)).toBeLessThan(96);
    const spec = sandboxSpec();
    const bomber = await provider.create({ ...spec, resources: { ...spec.resources, pids: 64 } }, quiet);
    const bomb = await ground.inside(bomber);
    await bomb.run(
      `require("node:child_process").spawn("perl", ["-e", "fork while 1"], { detached: true, stdio: "ignore" })`,
    );
    const before = performance.now();
    expect(await runOutside("return 1")).toEqual({ value: 1 });
    expect(performance.now() - before).toBeLessThan(5000);
    const ending = performance.now();
    await provider.discard(bomber, signal);
    expect(performance.now() - ending).toBeLessThan(2000);
  });
});

/** The real one where there is one we may use, else a stand-in under its name, else one under another. */
async function dockerSocket(standIn: Server): Promise<string> {
  const real = "/var/run/docker.sock";
  const exists = await stat(real).then(
    () => true,
    () => false,
  );
  const path = isRoot ? real : join(ground.base, "docker.sock");
  if (!(isRoot && exists)) await listening(standIn, { path });
  return path;
}

/** The question with one answer added: 192.0.2.1, for a minute. */
function dnsAnswer(question: Buffer): Buffer {
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(0, 10);
  const name = question.subarray(12, question.indexOf(0, 12) + 5);
  return Buffer.concat([header, name, Buffer.from("c00c000100010000003c0004c0000201", "hex")]);
}

import { chown, mkdir, open, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sandboxSpec } from "@agency/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folderOf } from "./sandbox-folder.ts";
import { startCreator } from "./testing/creator.ts";
import type { Creator } from "./testing/creator.ts";
import { createGround } from "./testing/ground.ts";
import type { Ground } from "./testing/ground.ts";

const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

let ground: Ground;
beforeEach(async () => {
  ground = await createGround();
});
afterEach(async () => {
  await ground.dispose();
});

describe("the local provider of a server that is an ordinary user", () => {
  let creator: Creator;
  beforeEach(async () => {
    await mkdir(join(ground.base, "data"), { mode: 0o700 });
    if (isRoot) await chown(join(ground.base, "data"), NOBODY, NOBODY);
    creator = await startCreator(ground.base, ground.options, isRoot ? { uid: NOBODY } : {});
  });
  afterEach(async () => {
    await creator.kill();
  });

  it("runs a sandbox as that user, with pids held and without a dedicated uid", async () => {
    const spec = sandboxSpec();
    const ref = await creator.call("create", { ...spec, resources: { ...spec.resources, pids: 48 } });
    const inside = await ground.inside(ref);
    expect(await inside.run("return [process.getuid(), process.pid]")).toMatchObject({ value: [1000, 2] });
    const { workspace } = folderOf(ground.home, ref);
    expect((await stat(join(workspace, "starts"))).uid).toBe(isRoot ? NOBODY : process.geteuid?.());

    const forks = `
      const script = "my $n = 0; while ($n < 200) { my $p = fork(); last unless defined $p; if (!$p) { sleep 60; exit } push @all, $p; $n++ } kill 9, @all; print $n";
      return Number(require("node:child_process").spawnSync("perl", ["-e", script], { encoding: "utf8" }).stdout);`;
    const forked = Number((await inside.run(forks)).value);
    expect(forked).toBeGreaterThan(10);
    expect(forked).toBeLessThan(48);

    await creator.call("destroy", ref);
    await inside.closed;
    expect(await creator.call("observe", ref)).toMatchObject({ phase: "gone", reason: "killed" });
    await creator.call("discard", ref);
    await expect(stat(workspace)).rejects.toThrow(/ENOENT/u);
  });

  it("removes folders that the agent closed to itself", async () => {
    const ref = await creator.call("create", sandboxSpec());
    const inside = await ground.inside(ref);
    await inside.run(`
      const fs = require("node:fs");
      fs.mkdirSync("closed/inner", { recursive: true });
      fs.writeFileSync("closed/inner/file", "");
      fs.chmodSync("closed/inner", 0o000);
      fs.chmodSync("closed", 0o000);`);
    await creator.call("discard", ref);
    await expect(stat(folderOf(ground.home, ref).root)).rejects.toThrow(/ENOENT/u);
  });

  it("passes its own checks, or says what is not held", async () => {
    const checks = await creator.call("check", null);
    expect(checks.filter(({ level }) => level === "fail")).toEqual([]);
    const cgroup = checks.find(({ id }) => id === "local.cgroup");
    const { limits } = await creator.call("capabilities", null);
    expect(limits["pids"]).toMatch(/cgroup|RLIMIT_NPROC/u);
    if (limits["memory"]?.startsWith("not held") === true) {
      expect(cgroup).toMatchObject({ level: "warn", fix: expect.stringContaining("Delegate=yes") });
    }
  });
});

describe("what a server was started with", () => {
  it("does not come into a sandbox as an open descriptor", async () => {
    const secret = join(ground.base, "secret");
    await writeFile(secret, "of the host");
    const file = await open(secret, "r");
    const { ino, dev } = await file.stat();
    const creator = await startCreator(ground.base, ground.options, { inherited: { from: file.fd, as: 40 } });
    const probe = `
      const fs = require("node:fs");
      return fs.readdirSync("/proc/self/fd").some((fd) => {
        try { const { ino, dev } = fs.fstatSync(Number(fd)); return ino === ${ino} && dev === ${dev}; } catch { return false; }
      });`;
    try {
      expect(await creator.call("evaluate", probe)).toBe(true);
      const inside = await ground.inside(await creator.call("create", sandboxSpec()));
      expect(await inside.run(probe)).toMatchObject({ value: false });
    } finally {
      await file.close();
      await creator.kill();
    }
  });

  it("does not come with a way to the metadata address", async () => {
    const address = "169.254.169.254";
    const wrapper = isRoot
      ? (["unshare", "--net"] as const)
      : (["unshare", "--user", "--map-root-user", "--net"] as const);
    const setUp = `${giveLoopback(address)} exec "$@"`;
    const back = isRoot
      ? []
      : ["unshare", "--user", `--map-user=${process.geteuid?.()}`, `--map-group=${process.getegid?.()}`];
    const creator = await startCreator(ground.base, ground.options, {
      wrapper: [...wrapper, "sh", "-c", setUp, "sh", ...back],
    });
    const serve = `
      const server = require("node:http").createServer((request, response) => response.end("credentials"));
      await new Promise((resolve) => server.listen({ host: "${address}", port: 8080 }, resolve));
      server.unref();`;
    const ask = `return await (await fetch("http://${address}:8080/latest/meta-data/", { signal: AbortSignal.timeout(2000) })).text()`;
    try {
      await creator.call("evaluate", serve);
      expect(await creator.call("evaluate", ask)).toBe("credentials");
      const inside = await ground.inside(await creator.call("create", sandboxSpec()));
      expect((await inside.run(ask)).error).toMatch(/fetch failed/u);
      const connect = `
        const socket = require("node:net").connect({ host: "${address}", port: 8080 });
        return new Promise((resolve, reject) => { socket.once("connect", () => resolve("reached")); socket.once("error", reject); });`;
      expect((await inside.run(connect)).error).toMatch(/ENETUNREACH|EHOSTUNREACH/u);
    } finally {
      await creator.kill();
    }
  });
});

/** SIOCSIFADDR and SIOCSIFFLAGS, because not every machine has iproute2. */
function giveLoopback(address: string): string {
  const script = `
    use Socket;
    socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
    ioctl($s, 0x8916, my $a = pack("a16 S n a4 x8", "lo", AF_INET, 0, inet_aton("${address}"))) or die "address: $!";
    ioctl($s, 0x8914, my $f = pack("a16 S x14", "lo", 0x41)) or die "up: $!";`;
  return `perl -e '${script}' || exit 1;`;
}

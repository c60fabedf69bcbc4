import type { Provider } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folderOf } from "./sandbox-folder.ts";
import { createGround, quiet, signal, untilWritten } from "./testing/ground.ts";
import type { Ground, Inside } from "./testing/ground.ts";

const MIB = 1024 * 1024;
const SMALL = { memoryBytes: 160 * MIB, pids: 64, cpus: 0.5, tmpBytes: 8 * MIB, fileBytes: 4 * MIB };

let ground: Ground;
let provider: Provider;

beforeAll(async () => {
  ground = await createGround();
  provider = ground.provider();
});
afterAll(async () => {
  await ground.dispose();
});

async function start(): Promise<{ inside: Inside; ref: Awaited<ReturnType<Provider["create"]>> }> {
  const ref = await provider.create(sandboxSpec({ resources: SMALL }), quiet);
  return { inside: await ground.inside(ref), ref };
}

describe("the limits of a local sandbox", () => {
  it("kills the program that takes too much memory and leaves the runner alive", async () => {
    if (await isUnheld("memory")) return;
    const { inside } = await start();
    const greedy = `
      const { spawnSync } = require("node:child_process");
      return spawnSync("perl", ["-e", "my @all; push @all, 'x' x 1_000_000 while 1"]).signal;`;
    expect(await inside.run(greedy)).toMatchObject({ value: "SIGKILL" });
    expect(await inside.run("return 1")).toMatchObject({ value: 1 });
  });

  it("says so when it was the runner that took too much, also after it was destroyed", async () => {
    if (await isUnheld("memory")) return;
    const { inside, ref } = await start();
    void inside.run("const all = []; for (;;) all.push(Buffer.alloc(1_000_000, 1))");
    await untilWritten(folderOf(ground.home, ref).control.exit);
    const seen = { phase: "gone", reason: "oom", exitCode: 137 };
    expect(await provider.observe(ref, signal)).toMatchObject(seen);
    await provider.destroy(ref, signal);
    expect(await provider.observe(ref, signal)).toMatchObject(seen);
  });

  it("offers the sandbox to the memory killer before the server", async () => {
    const { inside } = await start();
    const score = 'return Number(require("node:fs").readFileSync("/proc/self/oom_score_adj", "utf8"))';
    expect(await inside.run(score)).toMatchObject({ value: 500 });
  });

  it("gives the processor in shares", async () => {
    if (await isUnheld("cpu")) return;
    const { inside } = await start();
    const busy = `
      const began = process.hrtime.bigint();
      const used = process.cpuUsage();
      while (process.hrtime.bigint() - began < 600_000_000n);
      return process.cpuUsage(used).user / 1000 + process.cpuUsage(used).system / 1000;`;
    expect(Number((await inside.run(busy)).value)).toBeLessThan(480);
  });

  it.each(["/tmp/big", "/dev/shm/big", "/run/big"])("does not let %s grow beyond its size", async (path) => {
    const { inside } = await start();
    const fill = `
      const fs = require("node:fs");
      for (let part = 0; part < 20; part += 1) fs.writeFileSync("${path}" + part, Buffer.alloc(${MIB}));`;
    expect(await inside.run(fill)).toMatchObject({ error: "ENOSPC" });
  });

  it("does not let one file grow beyond the limit", async () => {
    const { inside } = await start();
    const write = `
      const { spawnSync } = require("node:child_process");
      const result = spawnSync("sh", ["-c", "head -c 8000000 /dev/zero > big; stat -c %s big"], { encoding: "utf8" });
      return Number(result.stdout);`;
    expect(await inside.run(write)).toMatchObject({ value: SMALL.fileBytes });
  });

  it("counts processes", async () => {
    const { inside } = await start();
    const fork = `
      const { spawnSync } = require("node:child_process");
      const script = "my $n = 0; while ($n < 200) { my $p = fork(); last unless defined $p; if (!$p) { sleep 60; exit } push @all, $p; $n++ } kill 9, @all; print $n";
      return Number(spawnSync("perl", ["-e", script], { encoding: "utf8" }).stdout);`;
    expect(Number((await inside.run(fork)).value)).toBeLessThan(SMALL.pids);
  });

  it("writes no core files", async () => {
    const { inside } = await start();
    const core = `
      const limits = require("node:fs").readFileSync("/proc/self/limits", "utf8");
      return limits.split("\\n").find((line) => line.startsWith("Max core file size")).split(/ +/).slice(4, 6);`;
    expect(await inside.run(core)).toMatchObject({ value: ["0", "0"] });
  });
});

/** Where a machine cannot hold a limit it must say so in those words; there is nothing more to try. */
async function isUnheld(limit: "memory" | "cpu"): Promise<boolean> {
  const words = (await provider.capabilities()).limits[limit];
  if (words.startsWith("cgroup v")) return false;
  expect(words).toMatch(/^not held on this machine: .+/u);
  return true;
}

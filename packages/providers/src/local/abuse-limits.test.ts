import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Provider, SandboxRef, SandboxSpec } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRecord } from "./records.ts";
import { folderOf } from "./sandbox-folder.ts";
import { createGround, quiet, signal } from "./testing/ground.ts";
import type { Ground, Inside } from "./testing/ground.ts";

const MIB = 1024 * 1024;
const SMALL = { memoryBytes: 128 * MIB, pids: 64, cpus: 1, tmpBytes: 512 * MIB, fileBytes: 8 * MIB };
const LARGE = { ...SMALL, memoryBytes: 768 * MIB, cpus: 64 };

let ground: Ground;
let provider: Provider;

beforeAll(async () => {
  ground = await createGround();
  provider = ground.provider();
});
afterAll(async () => {
  await ground.dispose();
});

/** Every bomb has an end of its own: a wall that does not hold costs 200 MB for a moment. */
const MEMORY_BOMBS: readonly (readonly [string, string])[] = [
  ["its own memory", `my @all; push @all, "x" x 1_000_000 for 1 .. 200; print "done"`],
  ["/tmp", fill("/tmp")],
  ["/dev/shm", fill("/dev/shm")],
  // Empty files take none of the folder's size, only the kernel's memory.
  ["a great many empty files", `for (1 .. 300_000) { open my $f, ">", "/tmp/$_" or die } print "done"`],
];

function fill(folder: string): string {
  return `for (1 .. 200) { open my $f, ">", "${folder}/$_" or die; print $f "x" x 1_000_000; close $f or die } print "done"`;
}

describe("a hijacked agent that wants everything: it", () => {
  it.each(MEMORY_BOMBS)("gets no more memory than its own through %s", async (_what, bomb) => {
    if (await isUnheld("memory")) return;
    const roomy = await start(LARGE);
    expect(await roomy.inside.run(perlOutcome(bomb))).toMatchObject({ value: "done" });
    await provider.discard(roomy.ref, signal);
    const tight = await start(SMALL);
    const { value, error } = await tight.inside.run(perlOutcome(bomb));
    // The runner may be what the kernel takes; that is this sandbox's loss alone.
    expect(value ?? error).toMatch(/^(?:SIGKILL|the runner is gone)$/u);
    await provider.discard(tight.ref, signal);
  });

  it("gets no more of the processor by spinning in many processes", async () => {
    if (await isUnheld("cpu")) return;
    const spin = perlOutcome(
      `for (1 .. 4) { next if fork; my $n = 0; $n++ for 1 .. 2_000_000; exit } 1 while wait != -1; print "done"`,
    );
    const throttled = async (resources: SandboxSpec["resources"]): Promise<number> => {
      const { ref, inside } = await start(resources);
      expect(await inside.run(spin)).toMatchObject({ value: "done" });
      const count = await timesThrottled(ref);
      await provider.discard(ref, signal);
      return count;
    };
    const [tight, roomy] = [await throttled({ ...SMALL, cpus: 0.25 }), await throttled(LARGE)];
    expect(tight).toBeGreaterThan(3);
    expect(tight).toBeGreaterThan(roomy * 3);
  });

  it("gets no file over the limit, with holes or without", async () => {
    const { ref, inside } = await start(SMALL);
    const grow = (bytes: number): string => `
      const { spawnSync } = require("node:child_process");
      const { signal, status } = spawnSync("truncate", ["-s", "${bytes}", "hole"]);
      return signal ?? status;`;
    expect(await inside.run(grow(SMALL.fileBytes))).toMatchObject({ value: 0 });
    expect((await inside.run(grow(SMALL.fileBytes + 1))).value).not.toBe(0);
    expect(await inside.run('return require("node:fs").statSync("hole").size')).toMatchObject({
      value: SMALL.fileBytes,
    });
    await provider.discard(ref, signal);
  });

  it("is not held in the size of its whole workspace, and the provider says so", async () => {
    expect((await provider.capabilities()).limits["disk"]).toMatch(/the workspace as a whole is not held/u);
  });
});

async function start(resources: SandboxSpec["resources"]): Promise<{ ref: SandboxRef; inside: Inside }> {
  const ref = await provider.create(sandboxSpec({ resources }), quiet);
  return { ref, inside: await ground.inside(ref) };
}

function perlOutcome(script: string): string {
  return `
    const { spawn } = require("node:child_process");
    const child = spawn("perl", ["-e", ${JSON.stringify(script)}], { stdio: ["ignore", "pipe", "ignore"] });
    let said = "";
    child.stdout.on("data", (piece) => { said += piece; });
    return new Promise((resolve) => child.on("close", (status, signal) => resolve(signal ?? (said || status))));`;
}

async function timesThrottled(ref: SandboxRef): Promise<number> {
  const record = await readRecord(folderOf(ground.home, ref));
  const texts = await Promise.all(
    (record?.cgroups ?? []).map((folder) => readFile(join(folder, "cpu.stat"), "utf8").catch(() => "")),
  );
  return Number(/^nr_throttled (\d+)$/mu.exec(texts.join("\n"))?.[1]);
}

/** Where a machine cannot hold a limit it must say so in those words; there is nothing more to try. */
async function isUnheld(limit: "memory" | "cpu"): Promise<boolean> {
  const words = (await provider.capabilities()).limits[limit];
  if (words.startsWith("cgroup v")) return false;
  expect(words).toMatch(/^not held on this machine: .+/u);
  return true;
}

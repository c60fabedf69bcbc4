import { randomInt } from "node:crypto";
import { readFile, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Provider, SandboxRef } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_UIDS } from "./options.ts";
import { findChain } from "./processes.ts";
import { readRecord } from "./records.ts";
import { folderOf, parseFolderName } from "./sandbox-folder.ts";
import { startCreator } from "./testing/creator.ts";
import { createGround, quiet, signal, untilWritten } from "./testing/ground.ts";
import type { Ground, Inside } from "./testing/ground.ts";

let ground: Ground;
let provider: Provider;

beforeEach(async () => {
  ground = await createGround();
  provider = ground.provider();
});
afterEach(async () => {
  await ground.dispose();
});

describe("a local sandbox and its creator", () => {
  it("goes on when its creator is killed, and another process finds and ends it", async () => {
    const creator = await startCreator(ground.base, ground.options);
    const spec = sandboxSpec();
    const ref = await creator.call("create", spec);
    const inside = await ground.inside(ref);
    await creator.kill();

    expect(await inside.run("return 6 * 7")).toMatchObject({ value: 42 });
    expect((await provider.observe(ref, signal)).phase).toBe("running");
    expect(await provider.create(spec, quiet)).toEqual(ref);
    expect(await startsOf(ref)).toBe(1);
    await provider.destroy(ref, signal);
    await inside.closed;
    expect(await chainOf(ref)).toEqual([]);
  });

  it("is finished by the next creator when the first died between the folder and the start", async () => {
    const creator = await startCreator(ground.base, ground.options);
    const spec = sandboxSpec();
    const halfway = creator.nextRef();
    void creator.call("createAndStopHalfway", spec);
    const ref = await halfway;
    expect((await provider.observe(ref, signal)).phase).toBe("pending");
    await creator.kill();
    expect((await provider.observe(ref, signal)).phase).toBe("gone");

    expect(await provider.create(spec, quiet)).toEqual(ref);
    await ground.inside(ref);
    expect(await startsOf(ref)).toBe(1);
  });

  // Moments spread over the time a creation takes; whichever step each one meets, the promise is the same.
  it.each([2, 8, 14, 20, 26, 32])(
    "is whole or not there when its creator is killed after %i ms",
    async (ms) => {
      const creator = await startCreator(ground.base, ground.options);
      const spec = sandboxSpec();
      const handedOut = creator.nextRef();
      creator.call("create", spec).catch(() => undefined);
      const first = await handedOut;
      await delay(ms);
      await creator.kill();

      const ref = await provider.create(spec, quiet);
      expect(ref).toEqual(first);
      await ground.inside(ref);
      expect(await startsOf(ref)).toBe(1);
      expect((await chainOf(ref)).length).toBeGreaterThan(0);
      if (process.geteuid?.() === 0) expect(await claimsOf(ref)).toHaveLength(1);
      await provider.discard(ref, signal);
      expect(await claimsOf(ref)).toEqual([]);
    },
  );

  it("is made once when two processes race for it", async () => {
    const creators = await Promise.all([
      startCreator(ground.base, ground.options),
      startCreator(ground.base, ground.options),
    ]);
    const spec = sandboxSpec();
    const refs = await Promise.all(creators.map((creator) => creator.call("create", spec)));
    expect(refs[0]).toEqual(refs[1]);
    const [ref] = refs;
    if (ref === undefined) throw new Error("no sandbox");
    await ground.inside(ref);
    expect(await startsOf(ref)).toBe(1);
    await Promise.all(creators.map((creator) => creator.kill()));
  });

  it("has nine others beside it, each with a user of its own", async () => {
    const specs = Array.from({ length: 10 }, () => sandboxSpec());
    const refs = await Promise.all(specs.map((spec) => provider.create(spec, quiet)));
    const insides = await Promise.all(refs.map((ref) => ground.inside(ref)));
    const answers = await Promise.all(insides.map((inside) => inside.run("return process.pid")));
    expect(answers.map(({ value }) => value)).toEqual(Array.from({ length: 10 }, () => 2));
    const claims = await Promise.all(refs.map(claimsOf));
    if (process.geteuid?.() === 0)
      expect(new Set(claims.flat().map((claim) => claim.split(".")[0])).size).toBe(10);
    await Promise.all(refs.map((ref) => provider.discard(ref, signal)));
    expect((await Promise.all(refs.map(claimsOf))).flat()).toEqual([]);
  });
});

describe("the end of a local sandbox", () => {
  it("comes with the death of its holder, for everything in it", async () => {
    const { ref, inside, word } = await withDaemons();
    process.kill(Number(await readFile(folderOf(ground.home, ref).control.holder, "utf8")), "SIGKILL");
    await inside.closed;
    await untilNone(word);
    expect(await provider.observe(ref, signal)).toMatchObject({ phase: "gone", reason: "killed" });
  });

  it("comes with destroy, also for daemons that left their parents", async () => {
    const { ref, word } = await withDaemons();
    await provider.destroy(ref, signal);
    expect(await commandsWith(word)).toEqual([]);
    expect(await chainOf(ref)).toEqual([]);
  });

  it("comes with the runner's own, also for daemons that left their parents", async () => {
    const { ref, inside, word } = await withDaemons();
    void inside.run("process.exit(5)");
    await untilWritten(folderOf(ground.home, ref).control.exit);
    await untilNone(word);
    expect(await provider.observe(ref, signal)).toMatchObject({ phase: "gone", reason: "exit", exitCode: 5 });
  });

  it("comes at the deadline, with no server left to see to it", async () => {
    const creator = await startCreator(ground.base, ground.options);
    const ref = await creator.call(
      "create",
      sandboxSpec({ deadlineAt: new Date(Date.now() + 1000).toISOString() }),
    );
    const inside = await ground.inside(ref);
    await creator.kill();
    await inside.closed;
    await untilNone(String((await readRecord(folderOf(ground.home, ref)))?.marker));
    expect(await provider.observe(ref, signal)).toMatchObject({ phase: "gone", reason: "killed" });
  });

  it("is brought about by an agent that kills all it can reach, and hurts nobody else", async () => {
    const bystander = await provider.create(sandboxSpec(), quiet);
    const ref = await provider.create(sandboxSpec(), quiet);
    const inside = await ground.inside(ref);
    void inside.run(`
      require("node:child_process").spawn("sleep", ["60"]);
      process.kill(-1, "SIGKILL");
      process.kill(process.pid, "SIGKILL");`);
    await untilWritten(folderOf(ground.home, ref).control.exit);
    expect(await provider.observe(ref, signal)).toMatchObject({
      phase: "gone",
      reason: "killed",
      exitCode: 137,
    });
    expect((await provider.observe(bystander, signal)).phase).toBe("running");
  });

  it("frees its cgroups", async () => {
    const ref = await provider.create(sandboxSpec(), quiet);
    const { cgroups } = JSON.parse(await readFile(folderOf(ground.home, ref).control.record, "utf8"));
    await provider.destroy(ref, signal);
    for (const folder of cgroups) await expect(readdir(folder)).rejects.toThrow(/ENOENT/u);
  });
});

/** Three daemons that do all they can to be forgotten, under a number of seconds nobody else sleeps. */
async function withDaemons(): Promise<{ ref: SandboxRef; inside: Inside; word: string }> {
  const word = `${randomInt(100_000, 200_000)}.${randomInt(1_000_000, 10_000_000)}`;
  const ref = await provider.create(sandboxSpec(), quiet);
  const inside = await ground.inside(ref);
  await inside.run(`
    const { spawnSync } = require("node:child_process");
    const start = (script) => spawnSync("sh", ["-c", script], { stdio: "ignore" });
    start("setsid sleep ${word} &");
    start("trap '' TERM HUP; (nohup sleep ${word} &) &");
    start("setsid sh -c 'setsid sleep ${word} & exit' &");`);
  // The last one may still be between its two forks.
  while ((await commandsWith(word)).length < 3) await delay(1);
  return { ref, inside, word };
}

async function commandsWith(word: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/u.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines.filter((line) => line.split("\0").includes(word));
}

/** The kernel tells nobody but a parent that a process ended, so this asks until it is so or the test is out of time. */
async function untilNone(word: string): Promise<void> {
  while ((await commandsWith(word)).length > 0) await delay(1);
}

async function startsOf(ref: SandboxRef): Promise<number> {
  const starts = await readFile(join(folderOf(ground.home, ref).workspace, "starts"), "utf8");
  return starts.trim().split("\n").length;
}

async function chainOf(ref: SandboxRef): Promise<number[]> {
  const record = await readRecord(folderOf(ground.home, ref));
  return record === null ? [] : (await findChain(record.marker)).map(({ pid }) => pid);
}

async function claimsOf(ref: SandboxRef): Promise<string[]> {
  expect(parseFolderName(ref.nativeId)).not.toBeNull();
  const names = await readdir(DEFAULT_UIDS.claims).catch(() => []);
  const owners = await Promise.all(
    names.map((name) => readlink(join(DEFAULT_UIDS.claims, name)).catch(() => "")),
  );
  return names.filter((_, index) => owners[index] === folderOf(ground.home, ref).root);
}

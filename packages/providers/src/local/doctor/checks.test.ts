import { chmod, mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sandboxSpec } from "@agency/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createGround, quiet, signal } from "../testing/ground.ts";
import type { Ground } from "../testing/ground.ts";

let ground: Ground;
beforeEach(async () => {
  ground = await createGround();
});
afterEach(async () => {
  await ground.dispose();
});

describe("the checks of the local provider", () => {
  it("try everything on this machine in seconds, find it whole and leave nothing", async () => {
    const provider = ground.provider();
    await provider.check(signal);
    const began = performance.now();
    const checks = await provider.check(signal);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(checks.filter(({ level }) => level === "fail")).toEqual([]);
    expect(checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        "local.run",
        "local.seccomp",
        "local.env",
        "local.network",
        "local.orphans",
        "local.cgroup",
      ]),
    );
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
    expect((await readdir(dirname(ground.home))).filter((name) => name.startsWith(".check"))).toEqual([]);
  });

  it("work before the first start, when there is no data folder and no uplink", async () => {
    const provider = ground.provider({ home: join(ground.base, "later", "sandboxes"), doorDir: "/nowhere" });
    expect((await provider.check(signal)).filter(({ level }) => level === "fail")).toEqual([]);
  });

  it("name a data folder that others can look into, and the remedy", async () => {
    await mkdir(dirname(ground.home));
    await chmod(dirname(ground.home), 0o755);
    const check = (await ground.provider().check(signal)).find(({ id }) => id === "local.data");
    expect(check).toMatchObject({ level: "warn", fix: expect.stringContaining("chmod 7") });
  });

  it("name a path that may not be shown inside", async () => {
    const checks = await ground.provider({ readOnlyPaths: ["/etc"] }).check(signal);
    expect(checks).toContainEqual(expect.objectContaining({ id: "local.paths", level: "fail" }));
  });

  it("name sandboxes that ended long ago and were never cleaned up", async () => {
    const provider = ground.provider();
    const ref = await provider.create(sandboxSpec(), quiet);
    const inside = await ground.inside(ref);
    void inside.run("process.exit(0)");
    await inside.closed;
    await vi.waitUntil(async () => (await provider.observe(ref, signal)).phase === "gone", {
      timeout: 10_000,
    });
    const tomorrow = { now: () => Date.now() + 24 * 3600_000, sleep: () => Promise.resolve() };
    const later = ground.provider({
      clock: { ...tomorrow, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
    });
    expect(await later.check(signal)).toContainEqual(
      expect.objectContaining({
        id: "local.stale",
        level: "warn",
        detail: expect.stringContaining(ref.nativeId),
      }),
    );
  });
});

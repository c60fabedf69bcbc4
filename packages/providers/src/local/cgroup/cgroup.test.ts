import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../system-clock.ts";
import { describeLimits } from "./describe.ts";
import { findTree } from "./find-tree.ts";
import { createGroups, wasOutOfMemory } from "./groups.ts";
import { candidateParents, parseMounts, parseOwnPath } from "./mounts.ts";
import { foldersOf, joinFiles, parseOomKills, settingsOf } from "./tree.ts";
import type { CgroupTree } from "./tree.ts";

const LIMITS = { memoryBytes: 1024, pids: 7, cpus: 1.5, tmpBytes: 1, fileBytes: 1 };

describe("finding cgroups", () => {
  it("reads a machine with version 1, two controllers in one hierarchy and a unified one beside", () => {
    const mountinfo = [
      "25 21 0:22 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755",
      "26 25 0:23 / /sys/fs/cgroup/unified rw,nosuid - cgroup2 cgroup2 rw,nsdelegate",
      "31 25 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
      "32 25 0:29 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory",
      "33 25 0:30 / /sys/fs/cgroup/pids\\040here rw - cgroup cgroup rw,pids",
    ].join("\n");
    expect(parseMounts(mountinfo)).toEqual({
      v1: {
        cpu: "/sys/fs/cgroup/cpu,cpuacct",
        memory: "/sys/fs/cgroup/memory",
        pids: "/sys/fs/cgroup/pids here",
      },
      unified: "/sys/fs/cgroup/unified",
    });
  });

  it("reads a machine with version 2 only, and one without any", () => {
    expect(parseMounts("26 25 0:23 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw")).toEqual({
      v1: {},
      unified: "/sys/fs/cgroup",
    });
    expect(parseMounts("22 1 8:1 / / rw - ext4 /dev/vda rw")).toEqual({ v1: {}, unified: null });
  });

  it("knows its own place in version 2", () => {
    expect(parseOwnPath("4:memory:/x\n0::/user.slice/user-1000.slice\n")).toBe("/user.slice/user-1000.slice");
    expect(parseOwnPath("4:memory:/x\n")).toBe("/");
  });

  it("prefers the top for root and the nearest ancestor for a user, and its own cgroup never", () => {
    const place = "/user.slice/app.slice/agency.service";
    expect(candidateParents("/cg", place, true)).toEqual([
      "/cg",
      "/cg/user.slice",
      "/cg/user.slice/app.slice",
      "/cg/user.slice/app.slice/agency.service",
    ]);
    expect(candidateParents("/cg", place, false)).toEqual([
      "/cg/user.slice/app.slice",
      "/cg/user.slice",
      "/cg",
      "/cg/user.slice/app.slice/agency.service",
    ]);
    expect(candidateParents("/cg", "/../../outside", false)).toEqual(["/cg", "/cg/outside"]);
    expect(candidateParents("/cg", "/", true)).toEqual(["/cg"]);
  });

  it("really tries what it finds here, and says why when there is nothing", async () => {
    const { tree, problem } = await findTree(process.geteuid?.() === 0, systemClock);
    expect(tree === null).toBe(problem !== null);
    const left = await Promise.all(Object.values(tree?.parents ?? {}).map((parent) => readdir(parent)));
    expect(left.flat().filter((name) => name.startsWith("probe-"))).toEqual([]);
  });
});

describe("the limits of a cgroup", () => {
  const v1: CgroupTree = {
    version: 1,
    parents: { memory: "/m/agency", pids: "/p/agency", cpu: "/c/agency" },
  };
  const v2: CgroupTree = { version: 2, parents: { memory: "/u/agency", pids: "/u/agency" } };
  const written = (tree: CgroupTree): string[] =>
    settingsOf(tree, "x", LIMITS).map(({ file, value }) => `${file}=${value}`);

  it("are written to a file a controller in version 1, memory before memory and swap", () => {
    expect(written(v1)).toEqual([
      "/m/agency/x/memory.limit_in_bytes=1024",
      "/m/agency/x/memory.memsw.limit_in_bytes=1024",
      "/p/agency/x/pids.max=7",
      "/c/agency/x/cpu.cfs_period_us=100000",
      "/c/agency/x/cpu.cfs_quota_us=150000",
    ]);
    expect(foldersOf(v1, "x")).toEqual(["/m/agency/x", "/p/agency/x", "/c/agency/x"]);
    expect(joinFiles(v1, "x")[0]).toBe("/m/agency/x/tasks");
  });

  it("are written to one folder in version 2, without the controllers that were not delegated", () => {
    expect(written(v2)).toEqual([
      "/u/agency/x/memory.max=1024",
      "/u/agency/x/memory.swap.max=0",
      "/u/agency/x/pids.max=7",
    ]);
    expect(foldersOf(v2, "x")).toEqual(["/u/agency/x"]);
    expect(joinFiles(v2, "x")).toEqual(["/u/agency/x/cgroup.procs"]);
  });

  it("never ask for less processor time than the kernel takes", () => {
    const tiny = settingsOf({ version: 2, parents: { cpu: "/u" } }, "x", { ...LIMITS, cpus: 0.001 });
    expect(tiny[0]?.value).toBe("1000 100000");
  });

  it("are described in words, held or not", () => {
    expect(describeLimits({ tree: v2, problem: null }, 4 * 1024 ** 3)).toEqual({
      memory: "cgroup v2, 4 GiB in all",
      pids: "cgroup v2",
      cpu: "not held on this machine: the kernel does not offer this controller",
      disk: expect.stringContaining("not held on this machine"),
    });
    const none = describeLimits({ tree: null, problem: "no cgroups here" }, 1);
    expect(none.memory).toBe("not held on this machine: no cgroups here");
    expect(none.pids).toContain("RLIMIT_NPROC");
  });
});

describe("a cgroup's folder", () => {
  let base: string;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), "agency-cgroup-"));
  });
  afterEach(async () => {
    await rm(base, { recursive: true, force: true });
  });

  it("is made with every limit written", async () => {
    const tree: CgroupTree = { version: 2, parents: { memory: base, pids: base, cpu: base } };
    await createGroups(tree, "x", LIMITS);
    expect(await readFile(join(base, "x", "memory.max"), "utf8")).toBe("1024");
    expect(await readFile(join(base, "x", "cpu.max"), "utf8")).toBe("150000 100000");
  });

  it("is not made in a weaker form when a limit is refused", async () => {
    await mkdir(join(base, "x", "pids.max"), { recursive: true });
    const tree: CgroupTree = { version: 2, parents: { pids: base } };
    await expect(createGroups(tree, "x", LIMITS)).rejects.toMatchObject({ kind: "unavailable" });
  });

  it("tells in both versions whether the memory killer struck", async () => {
    expect(parseOomKills("low 0\noom 3\noom_kill 2\n")).toBe(2);
    expect(parseOomKills("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")).toBe(1);
    expect(parseOomKills("")).toBe(0);
    await writeFile(join(base, "memory.events"), "oom_kill 1\n");
    expect(await wasOutOfMemory([join(base, "gone"), base])).toBe(true);
    expect(await wasOutOfMemory([join(base, "gone")])).toBe(false);
  });
});

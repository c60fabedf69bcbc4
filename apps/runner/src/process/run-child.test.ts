import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realClock } from "../clocks/real-clock.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { ProcessGroups } from "./groups.ts";
import { runChild } from "./run-child.ts";
import type { ChildOptions } from "./run-child.ts";
import { runHook } from "./run-hook.ts";

describe("a child of the runner", () => {
  let root: string;
  let groups: ProcessGroups;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "agency-child-"));
    groups = new ProcessGroups();
  });
  afterEach(async () => {
    groups.killAll();
    await rm(root, { recursive: true, force: true });
  });

  const options = (part: Partial<ChildOptions> = {}): ChildOptions => ({
    cwd: root,
    env: { PATH: "/usr/bin:/bin", COLOUR: "blue" },
    clock: realClock,
    groups,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...part,
  });
  const shell = (script: string, part?: Partial<ChildOptions>) =>
    runChild("/bin/sh", ["-c", script], options(part));

  it("gives its output, the end of its complaints and its exit code", async () => {
    const result = await shell("echo out; echo err >&2; exit 3");
    expect(result).toMatchObject({ code: 3, ended: "exit", stderr: "err\n", truncated: false });
    expect(result.stdout.toString()).toBe("out\n");
  });

  it("sees only the environment it is given", async () => {
    const names = (await shell("env")).stdout
      .toString()
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names).toEqual(expect.arrayContaining(["COLOUR", "PATH"]));
    expect(names).not.toContain("HOME");
  });

  it("is cut at the size of output asked for", async () => {
    const result = await shell("head -c 100000 /dev/zero", { maxBytes: 1000 });
    expect(result).toMatchObject({ code: 0, truncated: true });
    expect(result.stdout).toHaveLength(1000);
  });

  it("is killed with its children at its time limit", async () => {
    const clock = new ManualClock();
    const running = shell("tail -f /dev/null & wait", { clock });
    await clock.advance(10_000);
    expect(await running).toMatchObject({ code: null, ended: "timeout" });
  });

  it("is over at its time limit though who left its group holds its output open", async () => {
    const clock = new ManualClock();
    spawnSync("mkfifo", [join(root, "pid")]);
    const running = shell("setsid sh -c 'echo $$ > pid; exec tail -f /dev/null' &", { clock });
    const pid = await readFile(join(root, "pid"), "utf8");
    try {
      await clock.advance(10_000);
      expect(await running).toMatchObject({ code: null, ended: "timeout" });
    } finally {
      process.kill(Number(pid), "SIGKILL");
    }
  });

  it("is killed when nobody wants it any more", async () => {
    const stop = new AbortController();
    const running = shell("tail -f /dev/null & wait", { signal: stop.signal });
    stop.abort();
    expect(await running).toMatchObject({ code: null, ended: "aborted" });
    expect(await shell("exit 0", { signal: stop.signal })).toMatchObject({ ended: "aborted" });
  });

  it("that does not exist is no exception", async () => {
    const result = await runChild("no-such-program", [], options());
    expect(result).toMatchObject({ code: null, ended: "not_started" });
  });

  describe("that is a hook", () => {
    const path = (): string => join(root, "hook");
    async function hook(
      script: string,
      part: Partial<ChildOptions> = {},
    ): Promise<{ result: unknown; output: string }> {
      await writeFile(path(), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      let output = "";
      const onOutput = async (text: string): Promise<void> => {
        output += text;
      };
      return { result: await runHook(path(), { ...options(part), onOutput }), output };
    }

    it("has real pipes: it may open /dev/stderr", async () => {
      const { result, output } = await hook("echo out; echo err > /dev/stderr; exit 4");
      expect(output).toBe("out\nerr\n");
      expect(result).toEqual({ code: 4, ended: "exit" });
    });

    it("may leave a service running, and the service goes with the runner", async () => {
      const { result } = await hook(`tail -f /dev/null & echo $! > ${join(root, "pid")}`);
      expect(result).toEqual({ code: 0, ended: "exit" });
      const pid = Number(await readFile(join(root, "pid"), "utf8"));
      expect(() => process.kill(pid, 0)).not.toThrow();
      groups.killAll();
      while (await isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
    });

    it("is killed at its time limit", async () => {
      const clock = new ManualClock();
      const running = hook("tail -f /dev/null", { clock });
      await clock.advance(0);
      while ((await Promise.race([running, clock.advance(10_000)])) === undefined);
      expect((await running).result).toEqual({ code: null, ended: "timeout" });
    });

    it("that cannot be run has a code of the shell", async () => {
      const result = await runHook(join(root, "absent"), { ...options(), onOutput: async () => undefined });
      expect(result).toEqual({ code: 127, ended: "exit" });
    });
  });
});

/** A zombie is dead; who reaps it is not our business. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/\) [ZX] /.test(stat);
}

import { once } from "node:events";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { realClock } from "../testing/real-clock.ts";
import { startOwnProcess } from "./own-process.ts";
import type { OwnProcess } from "./own-process.ts";
import { descendants, parseStat, readProcessTable, wasStartedWith } from "./process-table.ts";
import { endProcesses } from "./process-tree.ts";

const env = { PATH: process.env["PATH"] };
const shell = (script: string): OwnProcess =>
  startOwnProcess({ command: "/bin/sh", args: ["-c", script], cwd: tmpdir(), env, stdin: "ignore" });
const ready = (own: OwnProcess): Promise<unknown> => once(own.child.stdout, "data");
const marked = (own: OwnProcess): number =>
  readProcessTable().filter(({ pid }) => wasStartedWith(pid, own.marker)).length;

describe("ending the processes of a run", () => {
  it("reaches those that began their own session", async () => {
    const own = shell("setsid tail -f /dev/null & setsid sh -c 'tail -f /dev/null; :' & echo ready; wait");
    await ready(own);
    await endProcesses(own, { ask: "all", graceMs: 1000 }, realClock);
    expect(own.hasExited()).toBe(true);
    expect(marked(own)).toBe(0);
  });

  it("reaches those whose parent is gone", async () => {
    const own = shell("setsid tail -f /dev/null & echo ready");
    await Promise.all([ready(own), own.exited]);
    expect(marked(own)).toBe(1);
    await endProcesses(own, { ask: "nobody", graceMs: 0 }, realClock);
    expect(marked(own)).toBe(0);
  });

  it("uses force on those that do not listen", async () => {
    const own = shell("trap '' TERM; echo ready; while :; do sleep 0.01; done");
    await ready(own);
    await endProcesses(own, { ask: "all", graceMs: 50 }, realClock);
    expect(await own.exited).toEqual({ exitCode: null, signal: "SIGKILL" });
  });

  it("asks only the leader when that looks after its children", async () => {
    const own = shell(
      "setsid tail -f /dev/null & child=$!; trap 'kill -9 $child; exit 7' TERM; echo ready; wait",
    );
    await ready(own);
    await endProcesses(own, { ask: "leader", graceMs: 1000 }, realClock);
    expect(await own.exited).toEqual({ exitCode: 7, signal: null });
    expect(marked(own)).toBe(0);
  });

  it("has nothing to end when the program could not be started", async () => {
    const own = startOwnProcess({ command: "/nowhere", args: [], cwd: tmpdir(), env, stdin: "ignore" });
    await own.exited;
    expect(own.spawnError()?.message).toContain("ENOENT");
    await endProcesses(own, { ask: "all", graceMs: 1000 }, realClock);
    expect(own.hasExited()).toBe(true);
  });
});

describe("the process table", () => {
  it.each([
    ["7 (sh) S 1 7 7 0", { pid: 7, ppid: 1, pgid: 7 }],
    ["7 (a) b (c)) R 3 5 5 0", { pid: 7, ppid: 3, pgid: 5 }],
    ["7 (sh) Z 1 7 7 0", undefined],
    ["", undefined],
    ["nonsense", undefined],
  ])("reads %j", (line, row) => {
    expect(parseStat(line)).toEqual(row);
  });

  it("finds descendants in any order", () => {
    const rows = [
      { pid: 4, ppid: 3, pgid: 4 },
      { pid: 3, ppid: 2, pgid: 2 },
      { pid: 9, ppid: 1, pgid: 9 },
    ];
    expect(descendants(rows, 2)).toEqual(new Set([2, 3, 4]));
  });
});

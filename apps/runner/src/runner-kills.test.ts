import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import { runBundle } from "./testing/run-bundle.ts";
import type { BundleUnderTest } from "./testing/run-bundle.ts";

/** Writes a file for each step, a step whenever it is let. Nobody kills it here but its home's end. */
const STEPS = `
step() { until [ -e "$HOME/go$1" ]; do [ -e "$HOME" ] || exit; sleep 0.02; done; echo "$1" >> steps.txt; git add steps.txt; git commit -qm "step $1"; echo "$1" > last.txt; echo "step $1"; }
step 1; step 2; step 3; step never`;

describe("a runner that is killed around a checkpoint", () => {
  let plane: FakeControlPlane;
  let next: FakeControlPlane;
  const started: BundleUnderTest[] = [];
  beforeEach(async () => {
    plane = await FakeControlPlane.open({ engine: "command", command: STEPS, deliver: "none" });
    next = await FakeControlPlane.open({ engine: "command", deliver: "none" });
  });
  afterEach(async () => {
    for (const { child } of started) child.kill("SIGKILL");
    await Promise.all(started.splice(0).map(({ ended }) => ended));
    await Promise.all([plane.close(), next.close()]);
  });

  async function start(on: FakeControlPlane, path?: string): Promise<BundleUnderTest> {
    const runner = await runBundle(on, path);
    started.push(runner);
    return runner;
  }

  /** A git that, once armed, ends the runner that called it instead of making a checkpoint's commit. */
  function deadlyGit(): { path: string; arm: () => void } {
    const folder = join(plane.root, "bin");
    const trap = join(folder, "armed");
    mkdirSync(folder);
    const path = process.env["PATH"] ?? "";
    const script = `#!/bin/sh\ncase "$*" in *commit-tree*) if [ -e ${trap} ]; then kill -9 $PPID; fi;; esac\nPATH='${path}' exec git "$@"\n`;
    writeFileSync(join(folder, "git"), script);
    chmodSync(join(folder, "git"), 0o755);
    return { path: `${folder}:${path}`, arm: () => writeFileSync(trap, "") };
  }

  it.each([
    ["before the commit of the files", "1"],
    ["while the checkpoint is sent", "1"],
    ["when it is sent and not yet told of", "1"],
    ["when it is told of and not yet acknowledged", "2"],
    ["after it was acknowledged", "2"],
  ])("%s: the work goes on from the last one acknowledged", { timeout: 30_000 }, async (point, last) => {
    const git = deadlyGit();
    const runner = await start(plane, git.path);
    const kill = (): void => void runner.child.kill("SIGKILL");
    const step = async (n: string): Promise<void> => {
      writeFileSync(join(plane.root, "home", `go${n}`), "");
      await plane.until(() => plane.has("log", { text: `step ${n}` }));
    };
    await step("1");
    plane.command({ id: "c1", kind: "checkpoint", label: null });
    await plane.until(() => plane.has("checkpoint", { number: 1 }));
    await step("2");
    if (point.startsWith("before")) git.arm();
    if (point.startsWith("while")) plane.onUpload = kill;
    plane.script = (route) => {
      if (route !== "checkpoints") return undefined;
      if (point.includes("not yet told")) return (kill(), "cut");
      return point.includes("not yet ack") ? (kill(), "lost") : undefined;
    };
    plane.command({ id: "c2", kind: "checkpoint", label: null });
    if (point.startsWith("after")) await plane.until(() => plane.has("checkpoint", { number: 2 })).then(kill);
    expect(await runner.ended).toMatchObject({ code: null });
    next.order = { ...next.order, command: "cat steps.txt last.txt; git log --format=%s" };
    next.restoreFrom(plane);
    expect(await (await start(next)).ended).toMatchObject({ code: 0 });
    const steps = last === "1" ? "1\n" : "1\n2\n";
    const { workspace } = started.at(-1) ?? runner;
    expect(readFileSync(join(workspace, "steps.txt"), "utf8")).toBe(steps);
    expect(readFileSync(join(workspace, "last.txt"), "utf8")).toBe(`${last}\n`);
    expect(next.ofType("restored")).toMatchObject([{ checkpoint: Number(last), files: 2, session: "none" }]);
    const said = next.ofType("log").map((data) => (data as { text: string }).text);
    expect(said.join("\n")).toContain(`step ${last}`);
  });
});

import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Provider, SandboxRef } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STATUS_FD } from "./launch.ts";
import { createOwnFiles } from "./own-files.ts";
import { folderOf } from "./sandbox-folder.ts";
import { createGround, quiet, signal } from "./testing/ground.ts";
import type { Ground } from "./testing/ground.ts";

const ROUNDS = 12;
/**
 * A guard against gross mistakes that holds beside other tests on a busy machine. The budget of the architecture is
 * 3 times, and `npm run bench` measures it.
 */
const BUDGET = 15;

let ground: Ground;
let provider: Provider;
let pattern: SandboxRef;

beforeAll(async () => {
  ground = await createGround();
  provider = ground.provider();
  pattern = await provider.create(sandboxSpec(), quiet);
});
afterAll(async () => {
  await ground.dispose();
});

describe("the time from create to the runner's first instruction", () => {
  it(`is at most ${BUDGET} times that of bwrap alone with the same options`, async () => {
    const ours: number[] = [];
    const raw: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      raw.push(await timeBwrap());
      const began = performance.now();
      const ref = await provider.create(sandboxSpec(), quiet);
      ours.push(performance.now() - began);
      await provider.discard(ref, signal);
    }
    const [made, bare] = [lowerQuartile(ours), lowerQuartile(raw)];
    process.stdout.write(
      `create ${made.toFixed(1)} ms, bwrap alone ${bare.toFixed(1)} ms, ${(made / bare).toFixed(2)} times\n`,
    );
    expect(made / bare).toBeLessThanOrEqual(BUDGET);
  });
});

/** The options of a living sandbox, given to bwrap directly: only who starts it differs. */
async function timeBwrap(): Promise<number> {
  const { control, workspace } = folderOf(ground.home, pattern);
  const own = await createOwnFiles(join(dirname(ground.home), "runtime"), process.arch)();
  const inputs = [control.arguments, own.seccomp, control.bootstrap, ...Object.values(own.files)];
  const { uid } = await stat(workspace);
  const lower =
    process.geteuid?.() === 0
      ? ["setpriv", "--reuid", `${uid}`, "--regid", `${uid}`, "--clear-groups", "--"]
      : [];
  const inside = ["/bin/sh", "-c", "echo ready >&3; exec 3>&-; exec sleep 60"];
  const [program = "", ...args] = [...lower, "bwrap", "--args", String(STATUS_FD + 1), "--", ...inside];
  const files = inputs.map((path) => openSync(path, "r"));
  const status = openSync("/dev/null", "w");
  const began = performance.now();
  const child = spawn(program, args, {
    cwd: "/",
    stdio: ["ignore", "ignore", "inherit", "pipe", status, ...files],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      child.stdio[3]?.once("data", () => resolve());
      child.once("exit", () => reject(new Error("bwrap ended before its command ran")));
    });
    return performance.now() - began;
  } finally {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    for (const fd of [...files, status]) closeSync(fd);
  }
}

/** What it takes when nothing else wants the processor: the slower half tells of the machine, not of us. */
function lowerQuartile(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 4)] ?? Number.NaN;
}

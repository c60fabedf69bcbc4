import type { Outcome } from "@agency/contract";
import type { EventAppend, KeepOutcome } from "@agency/core";
import { expect, it } from "vitest";
import { RUNNING, sampleTask, SPEC } from "../testing/sample-task.ts";
import { keepAtEnd, keepTask } from "./keep-sandbox.ts";
import type { KeepDeps } from "./keep-sandbox.ts";

const keepBounds = { longestMs: 3_600_000, most: 2 };
const outcome = { state: "completed" } as Outcome;
const ending = sampleTask({
  spec: { ...SPEC, keepMs: 5_000 },
  snapshot: {
    ...RUNNING,
    state: "finishing",
    attempt: { epoch: 1, state: "finalizing", startedAt: 0, outcome },
  },
});

function end(hasRoom: boolean) {
  const said: EventAppend[] = [];
  const deps = {
    attempts: { keepSandbox: async () => hasRoom },
    logger: { warn() {} },
    keepBounds,
    now: () => 0,
    clock: { now: () => 0 },
    events: {
      append: async (batch: EventAppend) => void said.push(batch),
      read: async () => ({ events: [], firstSeq: 1, lastSeq: 0 }),
    },
  } as unknown as Parameters<typeof keepAtEnd>[0];
  return { said, keep: () => keepAtEnd(deps, ending) };
}

it("says in the log that a sandbox is not kept although it was to be", async () => {
  const { said, keep } = end(false);
  expect(await keep()).toBe(false);
  expect(said[0]?.events).toMatchObject([
    { type: "notice", data: { level: "warn", text: expect.stringContaining("to be kept, but is not") } },
  ]);
});

it("says nothing of a sandbox that is kept", async () => {
  const { said, keep } = end(true);
  expect(await keep()).toBe(true);
  expect(said).toEqual([]);
});

it("promises no more than can be kept", async () => {
  const most: number[] = [];
  const keep = async (...given: unknown[]): Promise<KeepOutcome> => {
    most.push(Number(given[4]));
    return { kind: "full" };
  };
  const deps = { tasks: { keep }, keepBounds, now: () => 0 } as unknown as KeepDeps;
  const asked = keepTask(deps, "a", "t", { ms: 1_000 });
  await expect(asked).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("2 sandboxes"),
  });
  expect(most).toEqual([2]);
});

import { expect, it } from "vitest";
import type { Logger } from "@agency/core";
import { sampleTask } from "../testing/sample-task.ts";
import { createComputeMeter } from "./compute-meter.ts";

const warned: unknown[] = [];
const log: Logger = {
  debug() {},
  info() {},
  warn: (_, message) => void warned.push(message),
  error() {},
  child: () => log,
};
const clock = { now: () => 0, sleep: () => Promise.resolve() };

it("does not stop a run whose bill could not be written", async () => {
  const meter = createComputeMeter(
    { clock, chargeCompute: () => Promise.reject(new Error("no database")) },
    log,
  );
  expect(await meter.tick(sampleTask())).toBe(false);
  await meter.close(sampleTask());
  expect(warned).toHaveLength(2);
});

it("costs nothing where nobody charges", async () => {
  expect(await createComputeMeter({ clock }, log).tick(sampleTask())).toBe(false);
});

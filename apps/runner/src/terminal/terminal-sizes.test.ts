import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { terminalSizes } from "./terminal-sizes.ts";

it("a size that cannot be set is no failure of anything else", async () => {
  const rejected: unknown[] = [];
  const note = (why: unknown): unknown => rejected.push(why);
  process.on("unhandledRejection", note);
  // Starting a program throws at once for this, as it does without memory.
  const resize = terminalSizes(Promise.resolve("/dev/pts/0"), { PATH: "a\0b" });
  resize({ columns: 80, rows: 24 });
  await setImmediate();
  process.removeListener("unhandledRejection", note);
  expect(rejected).toEqual([]);
});

import { expect, it } from "vitest";
import { classifyOutput, decisiveLine } from "./failure.ts";

const busy = `2026-11-21 UTC [7] FATAL:  pre-existing shared memory block (key 68, ID 8) is still in use
2026-11-21 UTC [7] HINT:  Terminate any old server processes associated with data directory "/d".`;
const full = 'initdb: error: could not write to file "/d/pg_wal/x": No space left on device';

it("tells what a PostgreSQL program meant by what it said", () => {
  expect(classifyOutput(busy)).toBe("still_in_use");
  expect(classifyOutput(full)).toBe("disk_full");
  expect(classifyOutput("LOG:  all is well")).toBe("other");
});

it("shows the line that decides, or the last one, or says that there is none", () => {
  expect(decisiveLine(busy)).toContain("pre-existing shared memory block");
  expect(decisiveLine("one\ntwo\n\n")).toBe("two");
  expect(decisiveLine("")).toBe("it said nothing");
});

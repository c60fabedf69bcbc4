import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { startInside } from "./start-inside.ts";

function terminal(command: string) {
  return startInside({
    id: randomUUID(),
    cwd: "/",
    env: { PATH: process.env["PATH"] ?? "" },
    wanted: { command, size: { columns: 91, rows: 31 } },
  });
}

describe("a terminal", () => {
  it("takes a size that comes while it opens", async () => {
    const inside = terminal("until [ \"$(stty size)\" = '32 92' ]; do :; done");
    inside.resize({ columns: 92, rows: 32 });
    inside.output.resume();
    expect(await inside.ended).toBe(0);
  });

  it("ends up with the last of many sizes", async () => {
    const inside = terminal(
      "until [ \"$(stty size)\" = '44 101' ]; do :; done; echo settled; read go; stty size",
    );
    const lines = createInterface({ input: inside.output })[Symbol.asyncIterator]();
    for (let n = 1; n <= 30; n += 1) inside.resize({ columns: 100 + n, rows: 43 + n });
    inside.resize({ columns: 101, rows: 44 });
    expect(await lines.next()).toMatchObject({ value: "settled" });
    inside.input.end("\n");
    await lines.next();
    expect(await lines.next()).toMatchObject({ value: "44 101" });
    expect(await inside.ended).toBe(0);
  });
});

import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeHome } from "./support/home.ts";

const CLI = new URL("../apps/cli/bin/agency.mjs", import.meta.url).pathname;
const run = promisify(execFile);

let home: string;
const env = () => ({ PATH: process.env["PATH"] ?? "", HOME: home, AGENCY_HOME: home, AGENCY_PORT: "0" });

beforeAll(async () => {
  home = await makeHome();
});
afterAll(async () => {
  await run(process.execPath, [CLI, "down"], { env: env() });
  await rm(home, { recursive: true, force: true });
});

describe("the first command of a new user", () => {
  it("starts everything, shows a run worth watching, and says where the files are", async () => {
    const { stdout, stderr } = await run(process.execPath, [CLI, "run", "--demo", "Write a small program"], {
      env: env(),
    });
    const text = stdout + stderr;
    expect(text).toMatch(/Agency is running at http:/);
    expect(text).toMatch(/tests\s+2 passed · 1 failed[^]*tests\s+3 passed/);
    expect(text).toMatch(/Completed/);
    // What the engine tells the model by itself is nobody's message.
    expect(text).not.toContain("You said");
    const folder = /Files\s+(\/\S+)/.exec(text)?.[1] ?? "";
    expect(await readFile(join(folder, "csv-table", "table.mjs"), "utf8")).toContain("export");
  }, 240_000);
});

import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { closedFolder, stageForEveryone } from "./staging.ts";

const NOW = Date.now();
const DAY_MS = 24 * 60 * 60 * 1000;

let base: string;
let runtime: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "agency-staging-"));
  await chmod(base, 0o755);
  runtime = join(base, "data", "runtime");
});
afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

describe("staging a program for the sandboxes' users", () => {
  it("takes a program that everyone can reach where it is", async () => {
    const source = await program(0o755, 0o755);
    expect(await stage(source)).toBe(source);
  });

  it("links a program below a closed folder, which costs no copy", async () => {
    const source = await program(0o700, 0o755);
    const staged = await stage(source);
    expect(staged.startsWith(runtime)).toBe(true);
    expect((await stat(staged)).ino).toBe((await stat(source)).ino);
    expect(await closedFolder(staged)).toBeNull();
  });

  it("copies a program that is itself closed, and leaves the original as it is", async () => {
    const source = await program(0o700, 0o700);
    const staged = await stage(source);
    expect((await stat(staged)).ino).not.toBe((await stat(source)).ino);
    expect((await stat(staged)).mode & 0o777).toBe(0o755);
    expect((await stat(source)).mode & 0o777).toBe(0o700);
    expect(await readFile(staged, "utf8")).toBe(await readFile(source, "utf8"));
  });

  it("stages once, also when many ask at the same time", async () => {
    const source = await program(0o700, 0o755);
    const staged = await Promise.all(Array.from({ length: 8 }, () => stage(source)));
    expect(new Set(staged).size).toBe(1);
    const [folder = ""] = await readdir(runtime);
    expect(await readdir(join(runtime, folder))).toHaveLength(1);
  });

  it("stages a new version beside the old one and removes the old one after a day", async () => {
    const source = await program(0o700, 0o755);
    const first = await stage(source);
    await rm(source);
    await writeFile(source, "the second version", { mode: 0o755 });
    const second = await stage(source);
    expect(second).not.toBe(first);
    expect(await readFile(first, "utf8")).not.toBe(await readFile(second, "utf8"));

    await utimes(join(first, ".."), (NOW - 2 * DAY_MS) / 1000, (NOW - 2 * DAY_MS) / 1000);
    await rm(source);
    await writeFile(source, "the third", { mode: 0o755 });
    await stage(source);
    await expect(stat(first)).rejects.toThrow(/ENOENT/u);
    expect(await readFile(second, "utf8")).toBe("the second version");
  });

  it("says which program is missing", async () => {
    await expect(stage(join(base, "nowhere"))).rejects.toThrow(
      /the tool program cannot be used at .*nowhere/u,
    );
  });

  it("says what to do with a folder that is closed", async () => {
    const folder = join(base, "closed", "engine");
    await mkdir(folder, { recursive: true });
    await chmod(join(base, "closed"), 0o700);
    await expect(stage(folder)).rejects.toThrow(/move it to a place every user may read/u);
  });
});

function stage(source: string): Promise<string> {
  return stageForEveryone(runtime, { name: "tool", source, executable: true }, NOW);
}

async function program(folderMode: number, mode: number): Promise<string> {
  const folder = join(base, "programs");
  await mkdir(folder);
  const path = join(folder, "tool");
  await writeFile(path, "the first version");
  await chmod(path, mode);
  await chmod(folder, folderMode);
  return path;
}

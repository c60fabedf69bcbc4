import { mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { copyIndex } from "./copy-index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agency-index-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("is no younger than the original, or git would miss a change made in that instant", async () => {
  const [from, to] = [join(folder, "index"), join(folder, "copy")];
  await writeFile(from, "entries");
  await utimes(from, 1_000.9876, 1_000.9876);
  expect(await copyIndex(from, to)).toBe(true);
  expect(await readFile(to, "utf8")).toBe("entries");
  const [original, copy] = [await stat(from), await stat(to)];
  expect(copy.mtimeMs).toBeLessThanOrEqual(original.mtimeMs);
  expect(copy.mtimeMs).toBeGreaterThan(original.mtimeMs - 1.5);
});

it("is not made where there is none", async () => {
  expect(await copyIndex(join(folder, "none"), join(folder, "copy"))).toBe(false);
});

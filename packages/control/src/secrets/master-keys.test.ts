import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadMasterKeys, newMasterKey, readMasterKeys, writeMasterKeys } from "./master-keys.ts";

const NOW = Date.parse("2026-11-21T10:00:00Z");
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agency-keys-"));
  file = join(folder, "master-key");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const load = (fromSettings: { id: string; key: string }[] | null = null) =>
  loadMasterKeys({ fromSettings, file, now: () => NOW });

describe("the file of the master keys", () => {
  it("is made at the first start, for its owner only, and stays the same", async () => {
    const first = await load();
    expect(first).toEqual(await load());
    expect(first.file).toBe(file);
    expect(first.keys).toEqual([
      { id: expect.stringMatching(/^k20261121-[0-9a-f]{8}$/), key: expect.any(Uint8Array) },
    ]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, "utf8")).toMatch(/^[\w-]+:[A-Za-z0-9+/]{43}=\n$/);
    expect(await readdir(folder)).toEqual(["master-key"]);
  });

  it("is one for all who start at once", async () => {
    const started = await Promise.all(Array.from({ length: 8 }, () => load()));
    expect(new Set(started.map(({ keys }) => keys[0]?.id)).size).toBe(1);
    expect(await readdir(folder)).toEqual(["master-key"]);
  });

  it("keeps its order and its mode when it is replaced", async () => {
    const keys = [newMasterKey(NOW), newMasterKey(NOW)];
    await writeMasterKeys(file, keys);
    await writeMasterKeys(file, keys.toReversed());
    expect(await readMasterKeys(file)).toEqual(keys.toReversed());
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["master-key"]);
  });

  it.each([0o640, 0o604, 0o620])("is refused when others can reach it (mode %i)", async (mode) => {
    await load();
    await chmod(file, mode);
    await expect(load()).rejects.toMatchObject({
      code: "unavailable",
      next: expect.stringContaining(`chmod 600 ${file}`),
    });
  });

  it.each([
    ["empty", ""],
    ["cut", "k1:abc"],
    ["of another kind", "{}"],
  ])("is not replaced when it is %s, and its text is not shown", async (_, text) => {
    await writeFile(file, text, { mode: 0o600 });
    const refusal = await load().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "unavailable", next: expect.stringContaining("backup") });
    expect(await readFile(file, "utf8")).toBe(text);
  });

  it("is not replaced when it is no file", async () => {
    await mkdir(file, { mode: 0o700 });
    await expect(load()).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(`The master keys in ${file} cannot be used`),
    });
  });

  it("is not used, nor made, when AGENCY_MASTER_KEY is set", async () => {
    const key = Buffer.alloc(32, 7);
    const loaded = await load([{ id: "mine", key: key.toString("base64") }]);
    expect(loaded).toEqual({ keys: [{ id: "mine", key }], file: null });
    expect(await readdir(folder)).toEqual([]);
  });
});

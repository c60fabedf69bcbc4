import { mkdir, mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SandboxUids } from "./options.ts";
import { claimUid, releaseUids } from "./uid-claims.ts";

let base: string;
let pool: SandboxUids;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "agency-uids-"));
  pool = { first: 66_000, count: 4, claims: join(base, "claims") };
});
afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

describe("claiming a uid for a sandbox", () => {
  it("gives each folder one of its own, and says so on the disk", async () => {
    const folders = await Promise.all(["a", "b", "c"].map(folder));
    const uids: number[] = [];
    for (const each of folders) uids.push(await claimUid(pool, each));
    expect(new Set(uids).size).toBe(3);
    for (const uid of uids) expect(uid).toBeGreaterThanOrEqual(66_000);
    const claim = (await readdir(pool.claims)).find((name) => name.startsWith(`${uids[0]}.`)) ?? "";
    expect(await readlink(join(pool.claims, claim))).toBe(folders[0]);
  });

  it("never gives one to two, however many ask at once", async () => {
    const wide = { ...pool, count: 12 };
    const folders = await Promise.all(Array.from({ length: 12 }, (_, index) => folder(`f${index}`)));
    const answers = await Promise.allSettled(folders.map((each) => claimUid(wide, each)));
    const uids = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    expect(new Set(uids).size).toBe(uids.length);
    expect((await readdir(pool.claims)).length).toBe(uids.length);
  });

  it("says when all are taken", async () => {
    for (const name of ["a", "b", "c", "d"]) await claimUid(pool, await folder(name));
    await expect(claimUid(pool, await folder("e"))).rejects.toMatchObject({ kind: "capacity" });
  });

  it("takes back what belongs to folders that are gone, once nothing else is free", async () => {
    for (const name of ["a", "b", "c"]) await claimUid(pool, await folder(name));
    const lost = await claimUid(pool, join(base, "never-made"));
    expect(await claimUid(pool, await folder("e"))).toBe(lost);
  });

  it("is undone for every claim of a folder and no other's", async () => {
    const [mine, yours] = [await folder("mine"), await folder("yours")];
    await claimUid(pool, mine);
    await claimUid(pool, mine);
    const kept = await claimUid(pool, yours);
    await releaseUids(pool, mine);
    await releaseUids(pool, mine);
    expect((await readdir(pool.claims)).map((name) => Number(name.split(".")[0]))).toEqual([kept]);
  });
});

async function folder(name: string): Promise<string> {
  const path = join(base, name);
  await mkdir(path);
  return path;
}

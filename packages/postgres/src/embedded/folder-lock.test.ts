import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lockFolder } from "./folder-lock.ts";
import { processLife } from "./process-identity.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agency-lock-"));
  file = join(folder, "supervisor.lock");
});
afterEach(() => rm(folder, { recursive: true }));

const takeAndRelease = async (): Promise<void> => (await lockFolder(file, folder)).release();
const left = (holder: object) => writeFile(file, JSON.stringify(holder));

it("lets one of many in, and the next one after it has gone", async () => {
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(file, folder)));
  const [winner, ...more] = tries.filter((outcome) => outcome.status === "fulfilled");
  expect(more).toEqual([]);
  expect(tries.find((outcome) => outcome.status === "rejected")?.reason).toMatchObject({
    code: "unavailable",
  });
  await winner?.value.release();
  await takeAndRelease();
  expect(await readdir(folder)).toEqual([]);
});

it("takes the lock of a process that is gone", async () => {
  await left({ pid: 2 ** 22 + 1, life: "someone", token: "t" });
  await expect(takeAndRelease()).resolves.toBeUndefined();
});

it("takes the lock of a process whose pid another one has now", async () => {
  await left({ pid: process.pid, life: `${process.pid}@another boot:1`, token: "t" });
  await expect(takeAndRelease()).resolves.toBeUndefined();
});

it("takes a lock that nobody can read", async () => {
  for (const text of ["", "{", "[]", '{"pid":"x"}']) {
    await writeFile(file, text);
    await expect(takeAndRelease()).resolves.toBeUndefined();
  }
});

it("leaves a lock alone that is another's by the time of the release", async () => {
  const lock = await lockFolder(file, folder);
  const other = { pid: process.pid, life: await processLife(process.pid), token: "another" };
  await left(other);
  await lock.release();
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(other);
});

import { mkdtemp, readFile, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveSettings } from "@agency/contract";
import type { Settings } from "@agency/contract";
import type { Logger } from "@agency/core";
import { startS3Server } from "@agency/testing";
import type { S3Server } from "@agency/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Closers } from "./closers.ts";
import { openStorage } from "./storage.ts";

const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silent,
};

function settingsOf(env: Record<string, string>): Settings {
  const { settings, problems } = resolveSettings({
    env,
    cwd: "/nowhere",
    uid: 1000,
    userHome: "/nowhere",
    installRoot: "/nowhere",
    readText: () => null,
    parseEnv: () => ({}),
  });
  expect(problems).toEqual([]);
  return settings;
}

describe("openStorage", () => {
  let folder: string;
  let server: S3Server;
  let closers: Closers;
  let env: Record<string, string>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "agency-wire-storage-"));
    server = await startS3Server();
    closers = new Closers(silent);
    env = {
      AGENCY_STORAGE: `s3://agency/prod?endpoint=${server.endpoint}`,
      AWS_ACCESS_KEY_ID: server.account.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.account.secretAccessKey,
    };
  });
  afterEach(async () => {
    await closers.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  const open = (more: Record<string, string> = {}) =>
    openStorage(settingsOf({ ...env, ...more }), places(), silent, closers);
  const places = () => ({ storage: folder, bucketUsed: join(folder, "bucket-used") });

  it("opens the data folder unless told otherwise", async () => {
    const storage = await openStorage(settingsOf({}), places(), silent, closers);
    await storage.put("a", new Uint8Array(3));
    expect((await storage.stat("a"))?.bytes).toBe(3);
    expect(server.seen).toEqual([]);
  });

  it("opens a bucket it can use, and leaves no trace of having tried", async () => {
    await open();
    expect(server.seen.map(({ operation }) => operation)).toEqual([
      "PutObject",
      "HeadObject",
      "ListObjectsV2",
      "GetObject",
      "DeleteObject",
    ]);
    expect(server.bucket("agency").objects.size).toBe(0);
    expect(server.seen[0]?.key).toMatch(/^prod\/probe\//);
  });

  it("opens a bucket although there is no room to write down that it did, and says so", async () => {
    const said: string[] = [];
    const logger = { ...silent, warn: (_: object, text: string) => void said.push(text) };
    const full = { storage: folder, bucketUsed: join(folder, "no-such-folder", "bucket-used") };
    const storage = await openStorage(settingsOf(env), full, logger, closers);
    await storage.put("a", new Uint8Array(3));
    expect(said).toEqual([expect.stringContaining("not written down")]);
  });

  it.each([
    [
      "a wrong secret",
      { AWS_SECRET_ACCESS_KEY: "wrong-secret-of-somebody" },
      "the key was not accepted",
      "AWS_SECRET",
    ],
    ["an unknown key", { AWS_ACCESS_KEY_ID: "AKIDUNKNOWN" }, "the key was not accepted", "AWS_ACCESS_KEY_ID"],
    [
      "a token too many",
      { AWS_SESSION_TOKEN: "some-token" },
      "session token was not accepted",
      "AWS_SESSION_TOKEN",
    ],
    ["another region", { AWS_REGION: "eu-west-1" }, "is not in the region eu-west-1", "AWS_REGION"],
  ])("does not start with %s, and says so", async (_, more, what, next) => {
    const refused = await open(more).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      name: "AgencyError",
      code: "unavailable",
      message: expect.stringMatching(new RegExp(`^AGENCY_STORAGE cannot be used: .*${what}`)),
      next: expect.stringContaining(next),
    });
    for (const value of Object.values({ ...env, ...more }).filter((text) =>
      /secret|EXAMPLEKEY|token/.test(text),
    ))
      expect(String(refused instanceof Error ? refused.stack : refused)).not.toContain(value);
  });

  it("does not start with a bucket that is not there", async () => {
    await expect(open({ AGENCY_STORAGE: `s3://nobody?endpoint=${server.endpoint}` })).rejects.toMatchObject({
      message: expect.stringContaining('there is no bucket "nobody"'),
    });
  });

  it("does not start when a permission is missing", async () => {
    server.faults.always("DeleteObject", { kind: "status", status: 403, code: "AccessDenied" });
    await expect(open()).rejects.toMatchObject({ next: expect.stringContaining("s3:DeleteObject") });
  });

  describe("with a bucket that is away", () => {
    const leave = () => server.faults.always("PutObject", { kind: "status", status: 503, code: "SlowDown" });

    it("starts when it has used this bucket before, and stores again as soon as it is back", async () => {
      await open();
      leave();
      const storage = await open();
      await expect(storage.put("a", new Uint8Array(3))).rejects.toMatchObject({ code: "unavailable" });
      server.faults.end();
      await storage.put("a", new Uint8Array(3));
      expect((await storage.stat("a"))?.bytes).toBe(3);
    });

    it("still knows it after starts on a disk with no room: it is written down once, and whole", async () => {
      await open();
      const { bucketUsed } = places();
      await utimes(bucketUsed, 1, 1);
      await open();
      expect([(await stat(bucketUsed)).mtimeMs, await readFile(bucketUsed, "utf8")]).toEqual([
        1_000,
        expect.stringContaining("agency"),
      ]);
    });

    it("waits ten seconds for one it has used that takes connections and says nothing, longer for another", async () => {
      await open();
      const [silence, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const until = silence.promise;
      server.faults.always("PutObject", { kind: "slow", until });
      const slept: number[] = [];
      const clock = { now: () => Date.now(), sleep: async (ms: number) => void slept.push(ms) };
      const said: object[] = [];
      const logger = { ...silent, error: (facts: object) => void said.push(facts) };
      await openStorage(settingsOf(env), places(), logger, closers, clock);
      expect([slept, said]).toEqual([[10_000], [{ message: "it has not answered for 10 seconds." }]]);
      server.faults.always("PutObject", { kind: "slow", until, reached: reached.resolve });
      const other = { AGENCY_STORAGE: `s3://agency/other?endpoint=${server.endpoint}` };
      const opening = openStorage(settingsOf({ ...env, ...other }), places(), silent, closers, clock);
      await reached.promise;
      silence.resolve();
      await opening;
      expect(slept).toEqual([10_000]);
    });

    it("does not start when it never has, or when its key is refused", async () => {
      leave();
      await expect(open()).rejects.toMatchObject({
        message: expect.stringContaining("AGENCY_STORAGE cannot be used"),
      });
      server.faults.end();
      await open();
      await expect(open({ AWS_SECRET_ACCESS_KEY: "wrong-secret-of-somebody" })).rejects.toMatchObject({
        message: expect.stringContaining("the key was not accepted"),
      });
      leave();
      const other = { AGENCY_STORAGE: `s3://agency/other?endpoint=${server.endpoint}` };
      await expect(open(other)).rejects.toMatchObject({
        message: expect.stringContaining("AGENCY_STORAGE cannot be used"),
      });
    });
  });

  it.each([
    [{ AWS_ACCESS_KEY_ID: "" }, "AWS_ACCESS_KEY_ID is not set"],
    [{ AWS_SECRET_ACCESS_KEY: "" }, "AWS_SECRET_ACCESS_KEY is not set"],
    [{ AGENCY_STORAGE: "s3://agency" }, "no region"],
  ])("refuses %j", async (more, why) => {
    await expect(open(more)).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining(why),
    });
  });
});

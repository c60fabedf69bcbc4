import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { zstdDecompressSync } from "node:zlib";
import type { Artifact, CreateTaskInput, TaskEvent } from "@agency/contract";
import { startS3Server } from "@agency/testing";
import type { S3Server } from "@agency/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Agency } from "./support/agency.ts";
import { discardSandboxes } from "./support/discard-sandboxes.ts";
import { makeHome } from "./support/home.ts";

const CLI = new URL("../apps/cli/bin/agency.mjs", import.meta.url).pathname;
const PREFIX = "ours/agency";
const FOREIGN = "theirs/tasks/00000000-0000-7000-8000-000000000000/blobs/x";

let s3: S3Server;
let home: string;
let agency: Agency;
let folder: string;

const objects = () => s3.bucket("agency").objects;
const keysOf = (id: string) => [...objects().keys()].filter((key) => key.includes(id));
const env = () => ({
  AGENCY_STORAGE: `s3://agency/${PREFIX}?endpoint=${s3.endpoint}`,
  AWS_ACCESS_KEY_ID: s3.account.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3.account.secretAccessKey,
  AGENCY_ARCHIVE_AFTER: "0s",
});
const busy = (times: number) =>
  Array.from({ length: times }, () => ({ kind: "status", status: 503, code: "SlowDown" }) as const);

beforeAll(async () => {
  s3 = await startS3Server();
  home = await makeHome();
  agency = await Agency.start({ home, env: env() });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agency-s3-"));
});
afterEach(async () => {
  s3.faults.end();
  await rm(folder, { recursive: true, force: true });
});
afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await discardSandboxes(home);
  await rm(home, { recursive: true, force: true });
  await s3?.close();
});

async function run(command: string, more: Partial<CreateTaskInput> = {}) {
  const { id } = await agency.client.createTask({ prompt: "Do it.", engine: "command", command, ...more });
  return { id, ...(await agency.finished(id)), story: await agency.story(id) };
}

/** As a laptop sends its folder. */
async function sendUpload(body: Uint8Array<ArrayBuffer>) {
  const sha256 = createHash("sha256").update(body).digest("hex");
  return { sha256, upload: await agency.client.upload(new Blob([body]), sha256) };
}

async function artifactOf(id: string, fits: (artifact: Artifact) => boolean): Promise<Artifact> {
  const all = await agency.client.artifacts(id);
  const found = all.find(fits);
  if (found === undefined) throw new Error(`not among ${JSON.stringify(all)}`);
  return found;
}

async function bytesOf(id: string, artifact: Artifact): Promise<Buffer> {
  const { body } = await agency.client.artifactContent(id, artifact, () => createHash("sha256"));
  return buffer(body);
}

async function cli(...args: string[]): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, AGENCY_URL: agency.url, AGENCY_API_KEY: agency.apiKey },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { code: Number(code), stderr };
}

/** The object of an artifact, found by what it holds. */
function objectOf(id: string, { sha256 }: Artifact) {
  const found = keysOf(id)
    .map((key) => objects().get(key))
    .find(
      (blob) =>
        createHash("sha256")
          .update(Buffer.concat(blob?.chunks ?? []))
          .digest("hex") === sha256,
    );
  if (found === undefined) throw new Error("no object holds this artifact");
  return found;
}

const savedText = (file: string) => readFile(join(folder, file), "utf8");

describe("a server whose storage is a bucket", () => {
  it("keeps the work there; client and command line fetch it from the bucket itself", async () => {
    const { id, task, story } = await run("mkdir dist; echo built > dist/out.txt; echo note > notes.md", {
      artifacts: ["dist/**"],
    });
    expect(task.state, story).toBe("completed");
    const archive = await artifactOf(id, ({ kind }) => kind === "archive");
    const answer = await fetch(`${agency.url}/v1/tasks/${id}/artifacts/${archive.id}/content`, {
      headers: { authorization: `Bearer ${agency.apiKey}` },
      redirect: "manual",
    });
    expect(answer.status).toBe(302);
    expect(answer.headers.get("location")).toMatch(
      new RegExp(`^${s3.endpoint}/agency/${PREFIX}/tasks/${id}/`),
    );
    expect(zstdDecompressSync(await bytesOf(id, archive)).includes("notes.md")).toBe(true);
    expect(await cli("artifacts", id, "get", "dist/out.txt")).toMatchObject({ code: 0 });
    expect(await savedText("dist/out.txt")).toBe("built\n");
    const { files } = await agency.client.files(id);
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(["notes.md", "dist/out.txt"]));
    expect((await buffer(await agency.client.fileContent(id, "notes.md"))).toString()).toBe("note\n");
    expect([...objects().keys()].every((key) => key.startsWith(`${PREFIX}/`))).toBe(true);
  });

  it("goes on from a checkpoint that lies in the bucket", async () => {
    const first = await run("echo kept > kept.txt");
    expect((await agency.client.checkpoints(first.id)).length, first.story).toBeGreaterThan(0);
    const second = await run("cat kept.txt; echo more >> kept.txt", { resume: { taskId: first.id } });
    expect(second.task.state, second.story).toBe("completed");
    expect((await buffer(await agency.client.fileContent(second.id, "kept.txt"))).toString()).toBe(
      "kept\nmore\n",
    );
  });

  it("gets a large file there in parts, which nobody sees before it is whole", async () => {
    const reached = Promise.withResolvers<void>();
    const until = Promise.withResolvers<void>();
    s3.faults.next("CompleteMultipartUpload", {
      kind: "slow",
      reached: reached.resolve,
      until: until.promise,
    });
    const { id } = await agency.client.createTask({
      prompt: "Do it.",
      engine: "command",
      command: "head -c 40000000 /dev/urandom > large.bin",
      artifacts: ["large.bin"],
    });
    await reached.promise;
    expect(s3.bucket("agency").uploads.size).toBe(1);
    const whole = (artifact: Artifact) => artifact.bytes >= 40_000_000;
    expect((await agency.client.artifacts(id)).filter(whole)).toEqual([]);
    until.resolve();
    const { task } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    expect(s3.seen.filter(({ operation }) => operation === "UploadPart").length).toBeGreaterThanOrEqual(3);
    const large = await artifactOf(id, ({ name }) => name === "large.bin");
    expect((await bytesOf(id, large)).length).toBe(40_000_000);
    expect(s3.bucket("agency").uploads.size).toBe(0);
  }, 60_000);

  it("loses nothing while the bucket is away for a while", async () => {
    s3.faults.next("PutObject", ...busy(9));
    const { id, task, story } = await run("echo through > through.txt");
    expect(task.state, story).toBe("completed");
    expect((await buffer(await agency.client.fileContent(id, "through.txt"))).toString()).toBe("through\n");
  }, 60_000);

  it("never hands out bytes that are not what was stored: an error, and no file", async () => {
    const { id } = await run("mkdir dist; echo right > dist/out.txt", { artifacts: ["dist/**"] });
    const out = await artifactOf(id, ({ name }) => name === "dist/out.txt");
    const blob = objectOf(id, out);
    blob.chunks = [Buffer.from("wrong\n")];
    await expect(bytesOf(id, out)).rejects.toMatchObject({ code: "upstream_failed" });
    const { code, stderr } = await cli("artifacts", id, "get", "dist/out.txt");
    expect(code, stderr).not.toBe(0);
    const left = await readdir(folder, { recursive: true });
    expect(left.filter((name) => !name.startsWith(".")).filter((name) => name.endsWith("out.txt"))).toEqual(
      [],
    );
  });

  it("reads events as they were after they moved to the bucket, and deletes all of a task and nothing else", async () => {
    const { id, events } = await run("seq 1 3000; echo made > made.txt");
    const ids = (await agency.client.listTasks({ limit: 100 })).tasks.map((task) => task.id);
    objects().set(FOREIGN, { ...objectOf(id, await artifactOf(id, () => true)) });
    await agency.stop();
    // With nothing else to store, what a new server stores first is what has become due meanwhile.
    // Before all of it the server tries whether it can store at all.
    const stored = ["probe", ...ids].map(() => Promise.withResolvers<void>());
    const slow = stored.map(
      ({ resolve }) => ({ kind: "slow", reached: resolve, until: Promise.resolve() }) as const,
    );
    s3.faults.next("PutObject", ...slow);
    agency = await Agency.start({ home, env: env() });
    await Promise.all(stored.map(({ promise }) => promise));
    const again: TaskEvent[] = [];
    for await (const event of agency.client.events(id)) again.push(event);
    expect(again.map((event) => JSON.stringify(event))).toEqual(events.map((event) => JSON.stringify(event)));
    for (const each of ids) await agency.client.deleteTask(each);
    expect(ids.flatMap(keysOf)).toEqual([]);
    expect(s3.bucket("agency").uploads.size).toBe(0);
    expect(objects().has(FOREIGN)).toBe(true);
  }, 60_000);

  it("starts again while the bucket is away, and stores what waited for it as soon as it is back", async () => {
    const away = { kind: "status", status: 503, code: "SlowDown" } as const;
    for (const operation of ["PutObject", "HeadObject", "GetObject"] as const)
      s3.faults.always(operation, away);
    const { id } = await agency.client.createTask({
      prompt: "Do it.",
      engine: "command",
      command: "echo waited > waited.txt",
    });
    await agency.event(id, "notice", ({ text: said }) => said.includes("cannot be stored since"));
    await agency.event(id, "status", ({ state }) => state === "finishing");
    await agency.kill();
    agency = await Agency.start({ home, env: env() });
    expect(agency.log.join("\n")).toContain("the bucket is away");
    expect(await agency.client.getTask(id)).toMatchObject({ state: "finishing" });
    s3.faults.end();
    const { task } = await agency.finished(id);
    expect(task, await agency.story(id)).toMatchObject({ state: "completed", reason: null });
    expect((await buffer(await agency.client.fileContent(id, "waited.txt"))).toString()).toBe("waited\n");
  }, 120_000);

  it("says in its status whether the bucket can be used", async () => {
    const check = async () => (await agency.client.status()).checks.find(({ id }) => id === "storage");
    expect(await check()).toMatchObject({ level: "ok" });
  });
});

describe("a server that cannot use its bucket", () => {
  const start = (more: Record<string, string>) => Agency.start({ env: { ...env(), ...more } });

  it("does not start, and says what is wrong with key or bucket", async () => {
    await expect(start({ AWS_SECRET_ACCESS_KEY: "wrong" })).rejects.toThrow(/AGENCY_STORAGE cannot be used/);
    const elsewhere = `s3://elsewhere?endpoint=${s3.endpoint}`;
    await expect(start({ AGENCY_STORAGE: elsewhere })).rejects.toThrow(
      /AGENCY_STORAGE cannot be used.*elsewhere/,
    );
  });
});

describe("what a laptop sends", () => {
  it("goes straight into the bucket, which says what it got before it counts", async () => {
    const body = new Uint8Array(randomBytes(3_000_000));
    s3.seen.length = 0;
    const { sha256, upload } = await sendUpload(body);
    expect(upload).toMatchObject({ bytes: body.length, sha256 });
    const key = `${PREFIX}/uploads/${upload.id}`;
    const seen = s3.seen.filter((request) => request.key === key).map(({ operation }) => operation);
    expect(seen).toEqual(["PutObject", "HeadObject"]);
    // The server's own writes say no checksum.
    expect(objects().get(key)?.checksum).toBe(Buffer.from(sha256, "hex").toString("base64"));
  });

  it("goes through the server when the bucket does not take it from here", async () => {
    s3.faults.next("PutObject", { kind: "status", status: 403, code: "AccessDenied" });
    const { sha256, upload } = await sendUpload(new Uint8Array(randomBytes(1_000)));
    expect(upload).toMatchObject({ bytes: 1_000, sha256 });
    expect(objects().get(`${PREFIX}/uploads/${upload.id}`)?.checksum).toBeUndefined();
  });
});

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { BlobHeader } from "@agency/contract";
import type { AttemptAccess, BlobRow, Upload } from "@agency/core";
import { MemoryBlobs } from "../testing/memory-blobs.ts";
import { BLOB_LIMITS, takeBlob } from "./take-blob.ts";
import { createUploadLanes } from "./upload-lanes.ts";

const access = { taskId: "t", epoch: 2 } as AttemptAccess;
const text = "hello";
const header: BlobHeader = {
  kind: "file",
  name: "a.txt",
  bytes: text.length,
  sha256: createHash("sha256").update(text).digest("hex"),
  mediaType: "text/plain",
};

async function* chunks(...parts: string[]) {
  for (const part of parts) yield Buffer.from(part);
}

function setUp({
  verdict = "announced",
  live = true,
}: { verdict?: "announced" | "fenced" | "full" | "no_room"; live?: boolean } = {}) {
  const storage = new MemoryBlobs();
  const order: string[] = [];
  const rows: Omit<BlobRow, "accountId">[] = [];
  const uploads: Upload[] = [];
  const write = storage.write.bind(storage);
  storage.write = (...args) => (order.push("write"), write(...args));
  const artifacts = {
    announce: async (upload: Upload) => (order.push("announce"), uploads.push(upload), verdict),
    addBlob: async (row: Omit<BlobRow, "accountId">) => (order.push("row"), rows.push(row), live),
    abandon: async (key: string) => void order.push(`abandon ${key === uploads[0]?.key}`),
  };
  const lanes = createUploadLanes({ each: 2, account: 3, all: 3 });
  const clock = { now: () => 5, sleep: () => new Promise<void>(() => undefined) };
  const admission = { lanes, clock, accountBytes: 1000 };
  const take = (more: Partial<BlobHeader> = {}, body: AsyncIterable<Uint8Array> = chunks("he", "llo")) =>
    takeBlob({ ...admission, artifacts, storage, limits: BLOB_LIMITS }, access, { ...header, ...more }, body);
  return { take, order, rows, uploads, storage };
}

describe("a blob of a runner", () => {
  it("is announced, written, and only then listed", async () => {
    const { take, order, rows, uploads, storage } = setUp();
    const { id } = await take();
    expect(order).toEqual(["announce", "write", "row"]);
    const key = uploads[0]?.key ?? "";
    expect(key).toMatch(new RegExp(`^tasks/t/blobs/[0-9a-f]{16}-${id}$`));
    expect(rows).toEqual([{ ...header, id, key, taskId: "t", epoch: 2, at: 5 }]);
    expect(uploads).toMatchObject([{ key, bytes: 5, maxTaskBytes: 8 * 1024 ** 3 }]);
    expect(Buffer.from(storage.objects.get(key) ?? []).toString()).toBe(text);
  });

  it("is told by its place when it is sent again, whatever it holds by then", async () => {
    const { take, uploads } = setUp();
    await take();
    await take({ bytes: 3, sha256: createHash("sha256").update("new").digest("hex") }, chunks("new"));
    await take({ name: "b.txt" });
    await take({ kind: "log" });
    const places = uploads.map(({ again }) => again);
    expect(places[1]).toBe(places[0]);
    expect(new Set(places).size).toBe(3);
    for (const { key, again } of uploads) expect(key.startsWith(again)).toBe(true);
  });

  it("leaves nothing that is listed when it is not what was announced", async () => {
    for (const [more, body] of [
      [{ sha256: "b".repeat(64) }, chunks(text)],
      [{}, chunks("hell")],
      [{}, chunks("hello", "!")],
    ] as const) {
      const { take, order, rows } = setUp();
      await expect(take(more, body)).rejects.toMatchObject({ code: "invalid_request" });
      expect(order).toEqual(["announce", "write", "abandon true"]);
      expect(rows).toEqual([]);
    }
  });

  it("that breaks off is nothing of ours", async () => {
    const broken = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error("aborted")) });
    const { take, order } = setUp();
    await expect(take({}, broken)).rejects.toMatchObject({ code: "invalid_request" });
    expect(order.at(-1)).toBe("abandon true");
  });

  it("is cut off at the announced size, however much comes", async () => {
    let sent = 0;
    const endless = (async function* () {
      for (;;) {
        sent += 1;
        yield Buffer.alloc(3);
      }
    })();
    await expect(setUp().take({}, endless)).rejects.toMatchObject({ code: "invalid_request" });
    expect(sent).toBe(2);
  });

  it("is refused before it is read when it is too large, there is no more room, or the attempt is over", async () => {
    const unread = new ReadableStream<Uint8Array>({
      pull: () => Promise.reject(new Error("nobody may read this")),
    });
    const large = setUp().take({ bytes: BLOB_LIMITS.blobBytes + 1 }, unread);
    await expect(large).rejects.toMatchObject({ code: "payload_too_large" });
    const full = setUp({ verdict: "full" }).take({}, unread);
    await expect(full).rejects.toMatchObject({ code: "payload_too_large" });
    const poor = setUp({ verdict: "no_room" }).take({}, unread);
    await expect(poor).rejects.toMatchObject({
      code: "storage_full",
      message: expect.stringContaining("1000"),
    });
    await expect(setUp({ verdict: "fenced" }).take({}, unread)).rejects.toMatchObject({ code: "fenced" });
  });

  it("waits for its turn when its attempt sends others already, and has it when one of them is over", async () => {
    const { take, uploads } = setUp();
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const slow = async function* () {
      await held;
      yield Buffer.from(text);
    };
    const sending = [take({}, slow()), take({}, slow())];
    await expect(take()).rejects.toMatchObject({ code: "too_many_requests", retryAfterMs: 1000 });
    expect(uploads).toHaveLength(2);
    letGo();
    await Promise.all(sending);
    await take();
  });

  it("of an attempt that ended meanwhile is left to be collected", async () => {
    const { take, order } = setUp({ live: false });
    await expect(take()).rejects.toMatchObject({ code: "fenced" });
    expect(order.at(-1)).toBe("abandon true");
  });

  it("has a media type that can be a header, or the plainest one", async () => {
    const { take, rows } = setUp();
    for (const mediaType of ["text/html\r\nx: y", "text/html; charset=x", "ü/x", ""])
      await take({ mediaType });
    await take({ mediaType: "image/svg+xml" });
    const opaque = "application/octet-stream";
    expect(rows.map((row) => row.mediaType)).toEqual([opaque, opaque, opaque, opaque, "image/svg+xml"]);
  });
});

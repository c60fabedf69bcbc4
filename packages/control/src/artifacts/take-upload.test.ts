import { createHash } from "node:crypto";
import { setImmediate as tick } from "node:timers/promises";
import type { UploadRow, UploadStore } from "@agency/core";
import { describe, expect, it } from "vitest";
import { finishUpload, offerUpload, takeUpload, UPLOAD_LIMITS } from "./take-upload.ts";
import type { TakeUploadDeps } from "./take-upload.ts";
import { createUploadLanes } from "./upload-lanes.ts";

const text = "hello";
const told = { bytes: text.length, sha256: createHash("sha256").update(text).digest("hex") };
const HOUR = 3_600_000;
type Verdict = Awaited<ReturnType<TakeUploadDeps["storage"]["compare"]>>;

function setUp({
  announce = "announced",
  verdict = "same",
  signs = true,
}: { announce?: Awaited<ReturnType<UploadStore["announce"]>>; verdict?: Verdict; signs?: boolean } = {}) {
  const order: string[] = [];
  let announced: Parameters<UploadStore["announce"]>[0] | null = null;
  let row: UploadRow | null = null;
  const uploads: UploadStore = {
    announce: async (upload) => ((announced = upload), order.push("announce"), announce),
    announced: async (accountId, id) => (announced?.id === id && accountId === "a" ? announced : null),
    add: async (added) => ((row = added), order.push("add"), true),
    abandon: async () => void order.push("abandon"),
    unused: async () => row,
  };
  const storage: TakeUploadDeps["storage"] = {
    async write(key, body) {
      order.push("write");
      const bytes = Buffer.from(await new Response(ReadableStream.from(body)).arrayBuffer());
      return { key, bytes: bytes.length, etag: "", sha256: told.sha256, mediaType: "", at: 0 };
    },
    signPut: async (key, { bytes, expiresMs }) =>
      signs
        ? { url: `https://bucket/${key}?for=${expiresMs}`, headers: { "content-length": String(bytes) } }
        : null,
    compare: async () => (order.push("compare"), verdict),
  };
  const clock = { now: () => 0, sleep: () => new Promise<void>(() => undefined) };
  const lanes = createUploadLanes({ each: 1, account: 1, all: 9 });
  const deps = { uploads, storage, clock, lanes, limits: UPLOAD_LIMITS, accountBytes: 1000 };
  return { deps, order, announced: () => announced };
}

describe("what people send through the server", () => {
  it("is announced, written and only then an upload", async () => {
    const { deps, order } = setUp();
    const upload = await takeUpload(deps, "a", told, new Blob([text]).stream());
    expect(upload).toMatchObject({ ...told, expiresAt: "1970-01-02T00:00:00.000Z" });
    expect(order).toEqual(["announce", "write", "add"]);
  });

  it("is refused before it is read when the account has no room", async () => {
    const { deps } = setUp({ announce: "no_room" });
    const unread = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error("read")) });
    await expect(takeUpload(deps, "a", told, unread)).rejects.toMatchObject({ code: "storage_full" });
    await expect(offerUpload(deps, "a", told)).rejects.toMatchObject({ code: "storage_full" });
  });
});

describe("what people send past the server", () => {
  it("has an address that ends before the object would be collected", async () => {
    const { deps, announced } = setUp();
    const offered = await offerUpload(deps, "a", told);
    expect(offered).toMatchObject({ id: announced()?.id, expiresAt: "1970-01-01T01:00:00.000Z" });
    expect(offered?.url).toContain(`?for=${HOUR}`);
    expect(announced()?.lastsMs).toBe(2 * HOUR);
  });

  it("has none where the storage has none, and takes no room then", async () => {
    const { deps, order } = setUp({ signs: false });
    expect(await offerUpload(deps, "a", told)).toBeNull();
    expect(order).toEqual(["announce", "abandon"]);
  });

  it("counts when the storage says that it got the very bytes; told again, it is the same", async () => {
    const { deps, order } = setUp();
    const { id = "" } = (await offerUpload(deps, "a", told)) ?? {};
    const upload = await finishUpload(deps, "a", id);
    expect(upload).toMatchObject({ id, ...told });
    expect(await finishUpload(deps, "a", id)).toEqual(upload);
    expect(order).toEqual(["announce", "compare", "add"]);
  });

  it("is the same when it is told twice at once, and is read one at a time", async () => {
    const { deps } = setUp();
    const { id = "" } = (await offerUpload(deps, "a", told)) ?? {};
    const { promise: compared, resolve: letGo } = Promise.withResolvers<Verdict>();
    const slow = { ...deps, storage: { ...deps.storage, compare: () => compared } };
    const first = finishUpload(slow, "a", id);
    await tick();
    await expect(finishUpload(slow, "a", id)).rejects.toMatchObject({ code: "too_many_requests" });
    const faster = { ...deps, lanes: createUploadLanes({ each: 1, account: 1, all: 9 }) };
    const upload = await finishUpload(faster, "a", id);
    slow.uploads.add = async () => false;
    letGo("same");
    expect(await first).toEqual(upload);
  });

  it("counts for nothing when other bytes came: they are collected", async () => {
    const { deps, order } = setUp({ verdict: "other" });
    const { id = "" } = (await offerUpload(deps, "a", told)) ?? {};
    await expect(finishUpload(deps, "a", id)).rejects.toMatchObject({ code: "invalid_request" });
    expect(order).toEqual(["announce", "compare", "abandon"]);
  });

  it("may still be sent when it has not arrived", async () => {
    const { deps, order } = setUp({ verdict: "missing" });
    const { id = "" } = (await offerUpload(deps, "a", told)) ?? {};
    await expect(finishUpload(deps, "a", id)).rejects.toMatchObject({ code: "conflict" });
    expect(order).toEqual(["announce", "compare"]);
  });

  it("is nobody else's to finish", async () => {
    const { deps } = setUp();
    const { id = "" } = (await offerUpload(deps, "a", told)) ?? {};
    await expect(finishUpload(deps, "b", id)).rejects.toMatchObject({ code: "not_found" });
  });
});

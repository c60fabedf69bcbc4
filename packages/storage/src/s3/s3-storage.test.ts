import { createHash } from "node:crypto";
import { connect } from "node:net";
import { startS3Server, storageSuite } from "@agency/testing";
import type { S3Server } from "@agency/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Storage } from "@agency/core";
import { openS3Storage } from "./s3-storage.ts";
import { placeOf } from "./testing/place-of.ts";

storageSuite("S3 storage", async () => {
  const server = await startS3Server();
  return {
    storage: await openS3Storage(placeOf(server)),
    fill: (keys) => keys.forEach((key) => foreignObject(server, key)),
    close: () => server.close(),
  };
});

/** An object that did not come through us. */
function foreignObject(server: S3Server, key: string): void {
  const about = { chunks: [], bytes: 0, etag: "x", contentType: "text/plain", metadata: {}, at: 0 };
  server.bucket("agency").objects.set(`some/prefix/${key}`, about);
}

const MIB = 1024 * 1024;
const bytes = (text: string) => new TextEncoder().encode(text);
const sha256 = (body: Uint8Array) => createHash("sha256").update(body).digest("hex");
const pattern = (length: number) => Buffer.alloc(length, "0123456789abcdefghijklmnopqrstuvwxyz!");

async function* streamed(body: Uint8Array, error?: Error): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += MIB) yield body.subarray(at, at + MIB);
  if (error !== undefined) throw error;
}

describe("S3 storage", () => {
  let server: S3Server;
  let storage: Storage;

  beforeEach(async () => {
    server = await startS3Server();
    storage = await openS3Storage(placeOf(server));
  });
  afterEach(() => server.close());

  const operations = () => server.seen.map(({ operation }) => operation);
  const bucket = () => server.bucket("agency");

  it("keeps to its prefix, and touches nothing of others in the bucket", async () => {
    const everything = await openS3Storage(placeOf(server, { prefix: "" }));
    await everything.put("some/other", bytes("other"));
    await everything.put("some/prefix2/a", bytes("other"));
    await storage.put("a/b", bytes("ours"));
    expect([...bucket().objects.keys()]).toEqual(["some/other", "some/prefix2/a", "some/prefix/a/b"]);
    expect((await storage.list("a")).objects.map(({ key }) => key)).toEqual(["a/b"]);
    await storage.deletePrefix("a");
    expect([...bucket().objects.keys()]).toEqual(["some/other", "some/prefix2/a"]);
  });

  it("lists past names that are no keys of ours, however many", async () => {
    const put = (key: string) => foreignObject(server, `f/${key}`);
    for (let i = 0; i < 1200; i += 1) put(`b b${i}`);
    for (const key of ["a", "c", ""]) put(key);
    const first = await storage.list("f", { limit: 1 });
    expect(first).toMatchObject({ objects: [{ key: "f/a" }], next: "f/a" });
    const second = await storage.list("f", { after: "f/a" });
    expect(second).toMatchObject({ objects: [{ key: "f/c" }], next: null });
    expect(await storage.stat("f/c")).toMatchObject({ sha256: null, mediaType: "text/plain" });
  });

  it("deletes one by one where the server knows no other way", async () => {
    server.faults.always("DeleteObjects", { kind: "status", status: 501, code: "NotImplemented" });
    for (let i = 0; i < 30; i += 1) await storage.put(`f/${i}`, bytes("x"));
    await storage.deletePrefix("f");
    expect(bucket().objects.size).toBe(0);
    expect(operations().filter((operation) => operation === "DeleteObject")).toHaveLength(30);
  });

  describe("above 16 MiB", () => {
    const body = pattern(40 * MIB + 5);

    it("uploads in parts, and knows its checksum when it was announced", async () => {
      const announced = await storage.write("big", streamed(body), {
        bytes: body.length,
        sha256: sha256(body),
        mediaType: "application/zstd",
      });
      expect(operations().filter((operation) => operation === "UploadPart")).toHaveLength(3);
      expect(announced.etag).toMatch(/-3$/);
      expect(await storage.stat("big")).toMatchObject({ bytes: body.length, sha256: sha256(body) });
      expect(sha256((await storage.get("big")) ?? bytes(""))).toBe(sha256(body));
      const unannounced = await storage.write("big2", streamed(body));
      expect(unannounced.sha256).toBe(sha256(body));
      expect((await storage.stat("big2"))?.sha256).toBeNull();
    });

    it.each([
      ["breaks at its end", {}, new Error("gone")],
      ["has another checksum", { sha256: "0".repeat(64) }, undefined],
      ["has another size", { bytes: body.length + 1 }, undefined],
    ])("leaves neither object nor parts of a body that %s", async (_, options, error) => {
      await expect(storage.write("big", streamed(body, error), options)).rejects.toMatchObject(
        error === undefined ? { code: "invalid_request" } : { message: "gone" },
      );
      expect([bucket().objects.size, bucket().uploads.size]).toEqual([0, 0]);
      expect(operations()).toContain("AbortMultipartUpload");
    });

    it("leaves neither object nor parts when a part is refused for good", async () => {
      server.faults.always("UploadPart", { kind: "status", status: 403, code: "AccessDenied" });
      await expect(storage.write("big", streamed(body))).rejects.toMatchObject({ code: "unavailable" });
      expect([bucket().objects.size, bucket().uploads.size]).toEqual([0, 0]);
    });

    it("gets over parts that are refused, cut off or unanswered", async () => {
      server.faults.next(
        "UploadPart",
        { kind: "status", status: 503, code: "ServiceUnavailable" },
        { kind: "cut-request", afterBytes: MIB },
        { kind: "lose-answer" },
      );
      await storage.write("big", streamed(body), { sha256: sha256(body) });
      expect(sha256((await storage.get("big")) ?? bytes(""))).toBe(sha256(body));
    });

    it("shows nothing of an upload under way, and does not mistake one that was swept for done", async () => {
      const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      await storage.put("big", bytes("old"));
      server.faults.always("UploadPart", { kind: "slow", reached: reached.resolve, until: gate.promise });
      const written = storage.write("big", streamed(body)).then(
        () => null,
        (error: unknown) => error,
      );
      await reached.promise;
      expect(bucket().uploads.size).toBe(1);
      expect(await storage.get("big")).toEqual(bytes("old"));
      expect((await storage.list("some")).objects).toEqual([]);
      await storage.sweep(Date.now() + 60_000);
      gate.resolve();
      expect(await written).toMatchObject({ code: "unavailable" });
      expect(await storage.get("big")).toEqual(bytes("old"));
      expect(bucket().uploads.size).toBe(0);
    });

    it("knows its own object again when the answer to the last request got lost", async () => {
      server.faults.next("CompleteMultipartUpload", { kind: "lose-answer" });
      const written = await storage.write("big", streamed(body));
      expect(written.etag).toBe((await storage.stat("big"))?.etag);
    });

    it("sweeps the parts of uploads that began long ago, on every page, and no others", async () => {
      const begun = (i: number, at: number, key = `some/prefix/${i}`) =>
        bucket().uploads.set(`u${i}`, {
          id: `u${i}`,
          key,
          contentType: "text/plain",
          metadata: {},
          at,
          parts: new Map(),
        });
      for (let i = 0; i < 1100; i += 1) begun(i, i % 100 === 0 ? 5000 : 1000);
      begun(2000, 1000, "others/a");
      await storage.sweep(2000);
      expect(bucket().uploads.size).toBe(12);
      expect([...bucket().uploads.keys()]).toContain("u2000");
    });
  });

  it("gets over three failures of a request, not four", async () => {
    const busy = { kind: "status", status: 503, code: "ServiceUnavailable" } as const;
    server.faults.next("PutObject", busy, { kind: "cut-request", afterBytes: 0 }, { kind: "lose-answer" });
    await storage.put("a", bytes("kept"));
    expect(await storage.get("a")).toEqual(bytes("kept"));
    server.faults.next("PutObject", busy, busy, busy, busy);
    await expect(storage.put("a", bytes("new"))).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("(ServiceUnavailable, 503)"),
      next: "Try again later.",
    });
    expect(await storage.get("a")).toEqual(bytes("kept"));
  });

  describe("reading over a connection that breaks", () => {
    const body = pattern(3 * MIB);

    it("goes on where it ended", async () => {
      await storage.put("a", body);
      const cuts = [100, 500_000, 1_000_000].map(
        (afterBytes) => ({ kind: "cut-answer", afterBytes }) as const,
      );
      server.faults.next("GetObject", ...cuts);
      expect(sha256((await storage.get("a")) ?? bytes(""))).toBe(sha256(body));
    });

    it("gives up when nothing comes any more", async () => {
      await storage.put("a", body);
      server.faults.always("GetObject", { kind: "cut-answer", afterBytes: 0 });
      await expect(storage.get("a")).rejects.toMatchObject({ code: "unavailable" });
    });

    it("never joins two objects to one", async () => {
      await storage.put("a", body);
      server.faults.next("GetObject", { kind: "cut-answer", afterBytes: MIB });
      const read = await storage.read("a");
      const reader = read?.body.getReader();
      await reader?.read();
      await storage.put("a", pattern(3 * MIB).reverse());
      const rest = async () => {
        while ((await reader?.read())?.done === false);
      };
      await expect(rest()).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringContaining("was replaced or deleted"),
      });
    });
  });

  it("says that an object is damaged instead of giving it", async () => {
    await storage.put("a", bytes("as it was"));
    const blob = bucket().objects.get("some/prefix/a");
    blob?.chunks.splice(0, 1, Buffer.from("as it is!"));
    await expect(storage.get("a")).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining('"a" is damaged'),
    });
    const unchecked = await storage.read("a", {}, { unchecked: true });
    expect(await new Response(unchecked?.body).text()).toBe("as it is!");
  });

  it("says where nobody answers, and what to look at", async () => {
    await server.close();
    await expect(storage.get("a")).rejects.toMatchObject({
      code: "unavailable",
      message: `"a" in s3://agency/some/prefix at ${server.endpoint}: no connection to the server could be made or kept (ECONNREFUSED).`,
      next: expect.stringContaining("endpoint in AGENCY_STORAGE"),
    });
  });

  it("puts up with a clock that is wrong, since the server says what time it is", async () => {
    const other = await startS3Server({ now: () => Date.now() - 60 * 60 * 1000 });
    try {
      const late = await openS3Storage(placeOf(other));
      await late.put("a", bytes("x"));
      expect(await late.get("a")).toEqual(bytes("x"));
    } finally {
      await other.close();
    }
  });

  it.each([
    [403, "RequestTimeTooSkewed", "the clock of this machine differs", "NTP"],
    [403, "AccessDenied", 'access to the bucket "agency" was refused', "s3:PutObject"],
    [403, "SomethingNew", 'access to the bucket "agency" was refused', "s3:PutObject"],
    [404, "NoSuchBucket", 'there is no bucket "agency"', "Make the bucket"],
    [400, "ExpiredToken", "the session token was not accepted", "AWS_SESSION_TOKEN"],
    [301, "PermanentRedirect", 'the bucket "agency" is not in the region us-east-1', "AWS_REGION"],
    [400, "EntityTooLarge", "the server refused it", "Look at the bucket"],
  ])("says what %i %s means and what to do", async (status, code, what, next) => {
    server.faults.always("PutObject", { kind: "status", status, code });
    await expect(storage.put("a", bytes("x"))).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining(what),
      next: expect.stringContaining(next),
    });
  });

  it("shows no secret in what it throws", async () => {
    const { region, ...key } = server.account;
    const credentials = { ...key, secretAccessKey: "a-wrong-secret", sessionToken: "a-session-token" };
    const wrong = await openS3Storage(placeOf(server, { region, credentials }));
    const error: unknown = await wrong.get("a").catch((thrown: unknown) => thrown);
    const shown = `${JSON.stringify(error)} ${error instanceof Error ? `${error.stack} ${String(error.cause)}` : ""}`;
    for (const secret of ["a-wrong-secret", "a-session-token", "Signature="])
      expect(shown).not.toContain(secret);
    expect(error).toMatchObject({ code: "unavailable", next: expect.stringContaining("AWS_SESSION_TOKEN") });
  });

  describe("signed addresses", () => {
    const grant = { expiresMs: 60_000, bytes: 5, sha256: sha256(bytes("hello")) };
    const put = (url: string, headers: Record<string, string>, body: string) =>
      fetch(url, { method: "PUT", headers, body }).then(({ status }) => status);

    it("lets a client download an object as a file, never as a page", async () => {
      await storage.write("a/b", streamed(bytes("<script>")), { mediaType: "text/html" });
      const url = (await storage.signGet("a/b", { expiresMs: 60_000, filename: "übrig.html" })) ?? "";
      const answer = await fetch(url);
      expect([answer.status, await answer.text()]).toEqual([200, "<script>"]);
      expect(answer.headers.get("content-type")).toBe("application/octet-stream");
      expect(answer.headers.get("content-disposition")).toMatch(/^attachment; .*%C3%BCbrig\.html$/);
      const part = await fetch(url, { headers: { range: "bytes=1-6" } });
      expect([part.status, await part.text()]).toEqual([206, "script"]);
    });

    it("lets a client upload exactly what was agreed", async () => {
      const signed = await storage.signPut("a/b", grant);
      expect(await put(signed?.url ?? "", { ...signed?.headers }, "hello")).toBe(200);
      expect(await storage.get("a/b")).toEqual(bytes("hello"));
      expect(await storage.stat("a/b")).toMatchObject({ bytes: 5, sha256: grant.sha256 });
    });

    it("lets a client upload nothing else, nowhere else", async () => {
      const { url = "", headers = {} } = (await storage.signPut("a/b", grant)) ?? {};
      expect(await put(url, headers, "hallo")).toBe(400);
      const { "x-amz-checksum-sha256": _, ...unchecked } = headers;
      expect(await put(url, unchecked, "hallo")).toBe(403);
      const hallo = createHash("sha256").update("hallo").digest("base64");
      expect(await put(url, { ...headers, "x-amz-checksum-sha256": hallo }, "hallo")).toBe(403);
      expect(await put(url, { ...headers, "x-amz-acl": "public-read" }, "hello")).toBe(403);
      expect(await put(url.replace("/a/b", "/a/c"), headers, "hello")).toBe(403);
      expect((await fetch(url, { method: "DELETE" })).status).toBe(403);
      expect(await rawPut(url, { ...headers, "content-length": "6" }, "hello!")).toContain(" 403 ");
      expect([...bucket().objects.keys()]).toEqual([]);
    });

    it("is judged by the checksum the server computed, without reading the object", async () => {
      const sha256 = createHash("sha256").update("hello").digest("hex");
      const { url = "", headers = {} } =
        (await storage.signPut("a/b", { expiresMs: 60_000, bytes: 5, sha256 })) ?? {};
      expect(await put(url, headers, "hello")).toBe(200);
      server.seen.length = 0;
      expect(await storage.compare("a/b", { bytes: 5, sha256 })).toBe("same");
      expect(server.seen.map(({ operation }) => operation)).toEqual(["HeadObject"]);
    });

    it("is judged by all its bytes where the server computed none: what is said of them does not count", async () => {
      const sha256 = createHash("sha256").update("hello").digest("hex");
      const { url = "", headers = {} } =
        (await storage.signPut("a/b", { expiresMs: 60_000, bytes: 5, sha256 })) ?? {};
      expect(await put(url, headers, "hello")).toBe(200);
      const [[key, object] = []] = bucket().objects;
      if (key === undefined || object === undefined) throw new Error("nothing was stored");
      const { checksum: _, ...unjudged } = object;
      bucket().objects.set(key, unjudged);
      expect(await storage.compare("a/b", { bytes: 5, sha256 })).toBe("same");
      bucket().objects.set(key, { ...unjudged, chunks: [Buffer.from("jello")] });
      expect(await storage.compare("a/b", { bytes: 5, sha256 })).toBe("other");
    });

    it("ends when it was said to end", async () => {
      let now = Date.now();
      const other = await startS3Server({ now: () => now });
      try {
        const there = await openS3Storage(placeOf(other));
        await there.put("a", bytes("x"));
        const url = (await there.signGet("a", { expiresMs: 60_000, filename: "a" })) ?? "";
        now += 58_000;
        expect((await fetch(url)).status).toBe(200);
        now += 4000;
        expect((await fetch(url)).status).toBe(403);
        const long = (await there.signGet("a", { expiresMs: 1e12, filename: "a" })) ?? "";
        expect(new URL(long).searchParams.get("X-Amz-Expires")).toBe("604800");
      } finally {
        await other.close();
      }
    });

    it("has none for more than a single request can carry, and none for nonsense", async () => {
      expect(await storage.signPut("a", { expiresMs: 1000, bytes: 5 * 1024 ** 3 + 1 })).toBeNull();
      await expect(storage.signPut("a", { expiresMs: 1000, bytes: -1 })).rejects.toMatchObject({
        code: "invalid_request",
      });
    });
  });
});

/** `fetch` computes the length itself; this one says what it is told to say. */
function rawPut(address: string, headers: Record<string, string>, body: string): Promise<string> {
  const { hostname, port, host, pathname, search } = new URL(address);
  const lines = Object.entries({ host, connection: "close", ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return new Promise((resolve, reject) => {
    let answer = "";
    connect({ host: hostname, port: Number(port) })
      .on("error", reject)
      .on("data", (chunk) => {
        answer += String(chunk);
      })
      .on("close", () => resolve(answer))
      .write(`PUT ${pathname}${search} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
  });
}

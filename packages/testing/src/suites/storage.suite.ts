import { createHash } from "node:crypto";
import type { ObjectRead, Storage } from "@agency/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

export interface StorageUnderTest {
  storage: Storage;
  /** Has small objects at all of these keys, when there is a quicker way than to put them. */
  fill?(keys: readonly string[]): void;
  close(): Promise<void>;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array | null) => (body === null ? null : new TextDecoder().decode(body));

const sha256 = (body: Uint8Array) => createHash("sha256").update(body).digest("hex");
const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) % 256);

async function* streamed(body: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}

/** Throws when so much of `body` has been given. */
async function* failing(body: Uint8Array, share: number, error: Error): AsyncGenerator<Uint8Array> {
  yield* streamed(body.subarray(0, Math.floor(body.length * share)));
  throw error;
}

async function readAll(read: ObjectRead | null): Promise<Uint8Array | null> {
  if (read === null) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of read.body) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

const BAD_KEYS = [
  "",
  ".",
  "..",
  "../x",
  "a/../b",
  "a/..",
  "/etc/passwd",
  "a//b",
  "a/",
  "~/x",
  "~work/x",
  "a+/b",
  "C:\\x",
  "..\\x",
  "a\\..\\b",
  "a\0b",
  "a\nb",
  "a b",
  "a%2e%2e",
  "\u{ff0e}\u{ff0e}/x",
  "é",
  "x".repeat(201),
  "x/".repeat(600) + "x",
];

/** What every Storage promises. */
export function storageSuite(name: string, open: () => Promise<StorageUnderTest>): void {
  describe(`${name} as a Storage`, () => {
    let opened: StorageUnderTest;
    let storage: Storage;

    beforeEach(async () => {
      opened = await open();
      storage = opened.storage;
    });
    afterEach(() => opened.close());

    it("gives back every byte of what was put", async () => {
      const body = Uint8Array.from({ length: 1000 }, (_, i) => i % 256);
      await storage.put("tasks/t1/events/1.json", body);
      expect(await storage.get("tasks/t1/events/1.json")).toEqual(body);
    });

    it("keeps an empty object apart from none", async () => {
      await storage.put("empty", new Uint8Array());
      expect(await storage.get("empty")).toEqual(new Uint8Array());
      expect(await storage.get("none")).toBeNull();
    });

    it("replaces an object by the newest one put", async () => {
      await storage.put("a", bytes("a longer first one"));
      await storage.put("a", bytes("second"));
      expect(text(await storage.get("a"))).toBe("second");
    });

    it("keeps what was put, whatever its giver or a reader does to the bytes later", async () => {
      const body = bytes("kept");
      await storage.put("a", body);
      body.fill(0);
      const read = await storage.get("a");
      read?.fill(0);
      expect(text(await storage.get("a"))).toBe("kept");
    });

    it("keeps an object and the objects under the same name apart", async () => {
      await storage.put("a", bytes("object"));
      await storage.put("a/b", bytes("below"));
      await storage.put("a/b/c", bytes("deeper"));
      expect(text(await storage.get("a"))).toBe("object");
      expect(text(await storage.get("a/b"))).toBe("below");
      await storage.delete("a/b");
      expect(text(await storage.get("a/b/c"))).toBe("deeper");
    });

    it("deletes one object, and takes it well when there is none", async () => {
      await storage.put("a", bytes("x"));
      await storage.delete("a");
      await storage.delete("a");
      await storage.delete("never/there");
      expect(await storage.get("a")).toBeNull();
    });

    it("deletes what is under a folder and nothing else", async () => {
      for (const key of ["t/1", "t/1/a", "t/1/b/c", "t/10/a", "t/2/a"]) await storage.put(key, bytes(key));
      await storage.deletePrefix("t/1");
      await storage.deletePrefix("t/1");
      await storage.deletePrefix("never/there");
      const left = await Promise.all(
        ["t/1", "t/1/a", "t/1/b/c", "t/10/a", "t/2/a"].map((key) => storage.get(key)),
      );
      expect(left.map(text)).toEqual(["t/1", null, null, "t/10/a", "t/2/a"]);
    });

    it("takes new objects under a folder that was deleted", async () => {
      await storage.put("t/1/a", bytes("old"));
      await storage.deletePrefix("t");
      await storage.put("t/1/b", bytes("new"));
      expect([await storage.get("t/1/a"), text(await storage.get("t/1/b"))]).toEqual([null, "new"]);
    });

    it.each(BAD_KEYS)("refuses the key %j in every call", async (key) => {
      for (const call of [
        () => storage.put(key, bytes("x")),
        () => storage.get(key),
        () => storage.delete(key),
        () => storage.deletePrefix(key),
        () => storage.write(key, streamed(bytes("x"))),
        () => storage.read(key),
        () => storage.stat(key),
        () => storage.list(key),
        () => storage.list("a", { after: key }),
        () => storage.signGet(key, { expiresMs: 1000, filename: "x" }),
        () => storage.signPut(key, { expiresMs: 1000, bytes: 1 }),
      ]) {
        await expect(call()).rejects.toMatchObject({ name: "AgencyError", code: "invalid_request" });
      }
    });

    it("shows a reader one whole object while many are put at its place", async () => {
      const bodies = Array.from({ length: 8 }, (_, i) => new Uint8Array(300_000).fill(i));
      await storage.put("hot", new Uint8Array(300_000).fill(9));
      const reads: Promise<Uint8Array | null>[] = [];
      await Promise.all(
        bodies.map(async (body) => {
          await storage.put("hot", body);
          reads.push(storage.get("hot"));
        }),
      );
      for (const body of await Promise.all(reads)) {
        expect(body?.length).toBe(300_000);
        expect(new Set(body).size).toBe(1);
      }
    });

    it("loses no put to a folder being deleted at the same time: it is there whole or gone", async () => {
      const puts = Array.from({ length: 20 }, (_, i) => storage.put(`t/1/${i}`, bytes(`body ${i}`)));
      const deletes = Array.from({ length: 5 }, () => storage.deletePrefix("t/1"));
      await Promise.all([...puts, ...deletes]);
      for (let i = 0; i < 20; i += 1) {
        expect([null, `body ${i}`]).toContain(text(await storage.get(`t/1/${i}`)));
      }
    });

    it("streams in and out, and knows size, checksum, kind and time of what it keeps", async () => {
      const body = pattern(3_000_000);
      const written = await storage.write("a/b", streamed(body), { mediaType: "application/zstd" });
      const about = { key: "a/b", bytes: body.length, sha256: sha256(body), mediaType: "application/zstd" };
      expect(written).toMatchObject(about);
      const read = await storage.read("a/b");
      expect(read?.object).toMatchObject({ ...about, etag: written.etag });
      expect(sha256((await readAll(read)) ?? new Uint8Array())).toBe(about.sha256);
      const stat = await storage.stat("a/b");
      expect(stat).toEqual(read?.object);
      expect(Math.abs((stat?.at ?? 0) - Date.now())).toBeLessThan(60_000);
      expect([await storage.stat("none"), await storage.read("none")]).toEqual([null, null]);
    });

    it("says whether an object is the one that was meant", async () => {
      const body = pattern(200_000);
      const meant = { bytes: body.length, sha256: sha256(body) };
      expect(await storage.compare("a/b", meant)).toBe("missing");
      await storage.put("a/b", body);
      expect(await storage.compare("a/b", meant)).toBe("same");
      expect(await storage.compare("a/b", { ...meant, sha256: sha256(bytes("other")) })).toBe("other");
      expect(await storage.compare("a/b", { ...meant, bytes: 3 })).toBe("other");
      await storage.put("empty", new Uint8Array());
      expect(await storage.compare("empty", { bytes: 0, sha256: sha256(new Uint8Array()) })).toBe("same");
    });

    it("streams an empty object", async () => {
      await storage.write("empty", streamed(new Uint8Array()), { bytes: 0, sha256: sha256(bytes("")) });
      expect(await storage.stat("empty")).toMatchObject({ bytes: 0, sha256: sha256(bytes("")) });
      expect(await readAll(await storage.read("empty"))).toEqual(new Uint8Array());
      expect(await readAll(await storage.read("empty", { from: 0, to: 5 }))).toEqual(new Uint8Array());
    });

    it("gives an object another etag when its content changes", async () => {
      const first = await storage.write("a", streamed(bytes("one")));
      const second = await storage.write("a", streamed(bytes("two")));
      expect(second.etag).not.toBe(first.etag);
      expect((await storage.stat("a"))?.etag).toBe(second.etag);
    });

    it.each([0.01, 0.5, 0.99])("stores nothing of a body that breaks at %d of it", async (share) => {
      const body = pattern(2_000_000);
      const error = new Error("the sandbox is gone");
      await storage.put("old", bytes("old"));
      await expect(storage.write("old", failing(body, share, error))).rejects.toBe(error);
      await expect(storage.write("new", failing(body, share, error))).rejects.toBe(error);
      expect(text(await storage.get("old"))).toBe("old");
      expect(await storage.stat("new")).toBeNull();
    });

    it.each([
      ["a checksum", { sha256: "0".repeat(64) }],
      ["fewer bytes", { bytes: 199_999 }],
      ["more bytes", { bytes: 200_001 }],
    ])("refuses a body that is not what was announced: %s", async (_, options) => {
      await storage.put("a", bytes("old"));
      const written = storage.write("a", streamed(pattern(200_000)), options);
      await expect(written).rejects.toMatchObject({ name: "AgencyError", code: "invalid_request" });
      expect(text(await storage.get("a"))).toBe("old");
    });

    it.each([{ bytes: -1 }, { sha256: "x" }, { mediaType: "a\r\nb" }])(
      "refuses to write with %j before it reads anything",
      async (options) => {
        let begun = false;
        const body = async function* () {
          begun = true;
          yield bytes("x");
        };
        await expect(storage.write("a", body(), options)).rejects.toMatchObject({ code: "invalid_request" });
        expect(begun).toBe(false);
      },
    );

    it("shows the old object, or none, for as long as a new one is being written", async () => {
      await storage.put("old", bytes("old"));
      const seen: unknown[] = [];
      const peeking = async function* (key: string) {
        for await (const chunk of streamed(pattern(300_000))) {
          yield chunk;
          seen.push(text(await storage.get(key)), (await storage.stat(key))?.bytes);
        }
      };
      await storage.write("old", peeking("old"));
      expect(new Set(seen)).toEqual(new Set(["old", 3]));
      seen.length = 0;
      await storage.write("f/new", peeking("f/new"));
      expect(new Set(seen)).toEqual(new Set([null, undefined]));
      expect((await storage.list("f")).objects).toMatchObject([{ key: "f/new", bytes: 300_000 }]);
    });

    it("goes on giving a reader the object it began with while another takes its place", async () => {
      const [old, fresh] = [pattern(4_000_000), new Uint8Array(100).fill(1)];
      await storage.put("a", old);
      const reader = (await storage.read("a"))?.body.getReader();
      const chunks = [(await reader?.read())?.value ?? new Uint8Array()];
      await storage.put("a", fresh);
      for (let step = await reader?.read(); step?.done === false; step = await reader?.read())
        chunks.push(step.value);
      expect(sha256(Buffer.concat(chunks))).toBe(sha256(old));
      expect(await storage.get("a")).toEqual(fresh);
    });

    it("lets several write one key at once, of whom one wins whole", async () => {
      const bodies = Array.from({ length: 6 }, (_, i) => new Uint8Array(500_000).fill(i));
      await Promise.all(bodies.map((body) => storage.write("a", streamed(body), { sha256: sha256(body) })));
      const won = await storage.get("a");
      expect(bodies.map(sha256)).toContain(sha256(won ?? new Uint8Array()));
      expect((await storage.stat("a"))?.sha256).toBe(sha256(won ?? new Uint8Array()));
    });

    it.each([
      [{ from: 10 }, [10, 100_000]],
      [{ to: 10 }, [0, 10]],
      [{ from: 70_000, to: 70_001 }, [70_000, 70_001]],
      [{ from: 5, to: 99_999_999 }, [5, 100_000]],
      [{ from: 5, to: 5 }, [5, 5]],
      [{ from: 100_000 }, [0, 0]],
      [{ from: 99_999_999 }, [0, 0]],
    ])("reads the range %j", async (range, [from, to]) => {
      const body = pattern(100_000);
      await storage.put("a", body);
      const read = await storage.read("a", range);
      expect(read?.object).toMatchObject({ bytes: 100_000, sha256: sha256(body) });
      expect(await readAll(read)).toEqual(body.slice(from, to));
    });

    it.each([{ from: -1 }, { from: 2, to: 1 }, { to: 0.5 }])("refuses the range %j", async (range) => {
      await storage.put("a", bytes("abc"));
      await expect(storage.read("a", range)).rejects.toMatchObject({ code: "invalid_request" });
    });

    it("lets go of an object whose reader turns away", async () => {
      await storage.put("a", pattern(4_000_000));
      const untouched = await storage.read("a");
      await untouched?.body.cancel();
      for await (const chunk of (await storage.read("a"))?.body ?? []) if (chunk.length > 0) break;
      expect((await storage.get("a"))?.length).toBe(4_000_000);
    });

    it("lists what is under a folder in the order of the keys", async () => {
      const keys = ["f/a", "f/a/b", "f/a-b", "f/a.b", "f/a0", "f/B", "f/a/c/d", "f/_"];
      for (const key of [...keys, "f", "fa", "g/a"]) await storage.put(key, bytes(key));
      const { objects, next } = await storage.list("f");
      expect(objects.map(({ key }) => key)).toEqual([...keys].sort());
      expect(objects.map(({ bytes: size }) => size)).toEqual([...keys].sort().map((key) => key.length));
      expect([next, await storage.list("never/there")]).toEqual([null, { objects: [], next: null }]);
      const paged: string[] = [];
      for (let after: string | null | undefined; after !== null;) {
        const page = await storage.list("f", { after, limit: 3 });
        expect(page.objects.length).toBeLessThanOrEqual(3);
        paged.push(...page.objects.map(({ key }) => key));
        after = page.next;
      }
      expect(paged).toEqual([...keys].sort());
    });

    it.each([0, -1, 1.5, 1001])("refuses a page of %d", async (limit) => {
      await expect(storage.list("f", { limit })).rejects.toMatchObject({ code: "invalid_request" });
    });

    it("lists and deletes 2,500 objects", async () => {
      const keys = Array.from({ length: 2500 }, (_, i) => `many/${i % 7}/${String(i).padStart(4, "0")}`);
      const left = keys.values();
      const putting = async () => {
        for (const key of left) await storage.put(key, bytes("x"));
      };
      if (opened.fill === undefined) await Promise.all(Array.from({ length: 8 }, putting));
      else opened.fill(keys);
      const pages: number[] = [];
      const found: string[] = [];
      for (let after: string | null | undefined; after !== null;) {
        const page = await storage.list("many", { after });
        pages.push(page.objects.length);
        found.push(...page.objects.map(({ key }) => key));
        after = page.next;
      }
      expect(pages).toEqual([1000, 1000, 500]);
      expect(found).toEqual([...keys].sort());
      await storage.deletePrefix("many");
      expect(await storage.list("many")).toEqual({ objects: [], next: null });
    });

    it("sweeps nothing that can be seen", async () => {
      await storage.put("a/b", bytes("kept"));
      await storage.sweep(Date.now() + 1_000_000);
      expect(text(await storage.get("a/b"))).toBe("kept");
    });
  });
}

import type { Storage } from "@agency/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

export interface StorageUnderTest {
  storage: Storage;
  close(): Promise<void>;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array | null) => (body === null ? null : new TextDecoder().decode(body));

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
  });
}

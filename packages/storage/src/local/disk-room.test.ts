import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDiskRoom } from "./disk-room.ts";
import { openLocalStorage } from "./local-storage.ts";

const full = { code: "unavailable", message: expect.stringContaining("left free") };

describe("room on a disk", () => {
  it("is promised once: what two want at the same time does not pass the floor together", async () => {
    const room = openDiskRoom(100, async () => 200);
    const taken = await room.take("a", 60);
    await expect(room.take("b", 60)).rejects.toMatchObject(full);
    taken.release();
    taken.release();
    await room.take("b", 60);
    const both = await Promise.allSettled([room.take("c", 30), room.take("d", 30)]);
    expect(both.filter(({ status }) => status === "fulfilled").length).toBeLessThan(2);
  });

  it("counts what is written once, as the disk's, not as promised too", async () => {
    let free = 200;
    const room = openDiskRoom(100, async () => free);
    const taken = await room.take("a", 80);
    free -= 80;
    taken.used(80);
    await room.take("b", 20);
    await expect(room.take("c", 1)).rejects.toMatchObject(full);
  });

  it("is not asked for without a floor", async () => {
    const room = openDiskRoom(0, () => Promise.reject(new Error("nobody may ask")));
    await expect(room.take("a", 1e18)).resolves.toBeDefined();
  });

  it("is kept by the storage, which refuses before it reads", async () => {
    const root = await mkdtemp(join(tmpdir(), "agency-room-"));
    try {
      await (await openLocalStorage(root, { freeBytes: 1 })).put("a", new Uint8Array(3));
      const storage = await openLocalStorage(root, { freeBytes: Number.MAX_SAFE_INTEGER });
      const unread = new ReadableStream<Uint8Array>(
        { pull: () => Promise.reject(new Error("read")) },
        { highWaterMark: 0 },
      );
      await expect(storage.write("b", unread, { bytes: 3 })).rejects.toMatchObject(full);
      await expect(storage.put("b", new Uint8Array(3))).rejects.toMatchObject(full);
      expect(await storage.get("a")).toEqual(new Uint8Array(3));
      expect(await storage.get("b")).toBeNull();
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

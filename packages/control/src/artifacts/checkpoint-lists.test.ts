import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MemoryBlobs } from "../testing/memory-blobs.ts";
import { checkpointTar, packList } from "../testing/sample-checkpoint.ts";
import { createCheckpointLists } from "./checkpoint-lists.ts";

const tar = checkpointTar(Buffer.from("bundle"), packList([{ path: "gone", change: "deleted" }]));
const at = (key: string) => ({ key, bytes: tar.length });

/** Storage that says nothing about what is called "slow…". */
class SilentBlobs extends MemoryBlobs {
  override async read(...call: Parameters<MemoryBlobs["read"]>) {
    if (call[0].startsWith("slow")) return new Promise<never>(() => undefined);
    return super.read(...call);
  }
}

function setUp() {
  const storage = new SilentBlobs();
  for (const key of ["a", "b", "c"]) storage.objects.set(key, tar);
  return { storage, lists: createCheckpointLists(storage) };
}

describe("lists of checkpoints", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("are read for others while the storage says nothing to one", async () => {
    const { lists } = setUp();
    const slow = [lists("one", at("slow1")), lists("one", at("slow2"))];
    await expect(lists("one", at("a"))).rejects.toMatchObject({ code: "too_many_requests" });
    expect((await lists("other", at("a")))?.entries).toHaveLength(1);
    vi.advanceTimersByTime(60_000);
    for (const one of slow) await expect(one).rejects.toMatchObject({ code: "unavailable" });
    expect((await lists("one", at("b")))?.entries).toHaveLength(1);
  });

  it("are asked of the storage again when it did not give them in time", async () => {
    const { lists } = setUp();
    const first = lists("one", at("slow"));
    const second = lists("one", at("slow"));
    vi.advanceTimersByTime(60_000);
    await expect(first).rejects.toMatchObject({ code: "unavailable" });
    await expect(second).rejects.toMatchObject({ code: "unavailable" });
    const third = lists("one", at("slow"));
    vi.advanceTimersByTime(60_000);
    await expect(third).rejects.toMatchObject({ code: "unavailable" });
  });

  it("that were asked for last are the ones that are kept", async () => {
    const { storage, lists } = setUp();
    for (const key of ["a", "b", "a", "c"]) await lists("one", at(key));
    storage.objects.clear();
    expect((await lists("one", at("a")))?.entries).toHaveLength(1);
    await expect(lists("one", at("b"))).rejects.toMatchObject({ code: "not_found" });
  });
});

import { AgencyError } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { keepFollowing } from "./keep-following.ts";
import type { Surroundings } from "./keep-following.ts";

function page() {
  const waits: number[] = [];
  let hide = new AbortController();
  const surroundings: Surroundings = {
    untilVisible: async () => {
      hide = new AbortController();
    },
    whenHidden: () => ({ signal: hide.signal, release: () => undefined }),
    wait: async (ms) => {
      waits.push(ms);
    },
  };
  return { waits, surroundings, hide: () => hide.abort() };
}

describe("a stream that is kept up", () => {
  it("is tried again with growing waits, and quickly again once it was heard", async () => {
    const { waits, surroundings } = page();
    let tries = 0;
    const follow = async (_: AbortSignal, heard: () => void) => {
      tries += 1;
      if (tries === 4) heard();
      if (tries < 6) throw new AgencyError("unavailable", "down");
    };
    await keepFollowing(follow, new AbortController().signal, surroundings, () => undefined);
    expect(waits).toEqual([500, 1000, 2000, 500, 1000]);
  });

  it("is let go while nobody looks, and taken up again", async () => {
    const { waits, surroundings, hide } = page();
    let tries = 0;
    const follow = async (signal: AbortSignal) => {
      tries += 1;
      if (tries === 1) hide();
      if (tries === 2) return;
      signal.throwIfAborted();
    };
    await keepFollowing(follow, new AbortController().signal, surroundings, () => undefined);
    expect([tries, waits]).toEqual([2, []]);
  });

  it("ends with what waiting cannot cure", async () => {
    const { surroundings } = page();
    const gone = new AgencyError("not_found", "no such task");
    const follow = () => Promise.reject(gone);
    await expect(
      keepFollowing(follow, new AbortController().signal, surroundings, () => undefined),
    ).rejects.toBe(gone);
  });

  it("ends quietly when it is no longer wanted", async () => {
    const { surroundings } = page();
    const over = new AbortController();
    const follow = async () => {
      over.abort();
      throw new Error("aborted");
    };
    await expect(keepFollowing(follow, over.signal, surroundings, () => undefined)).resolves.toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { byPath, listUpTo } from "./file-list.ts";
import type { Entry, Listing } from "./file-list.ts";

const file = (path: string): Entry => ({ path, kind: "file" });

/** A workspace of `count` files that comes in parts of a thousand. */
function workspace(count: number) {
  const asked: (string | null)[] = [];
  const readPage = async (after: string | null): Promise<Listing> => {
    asked.push(after);
    const from = after === null ? 0 : Number(after) + 1;
    const to = Math.min(from + 1000, count);
    const entries = Array.from({ length: to - from }, (_, at) => file(String(from + at)));
    return { entries, truncated: false, after: to < count ? String(to - 1) : null };
  };
  return { asked, readPage };
}

describe("the list of files", () => {
  it("is fetched in parts until there is as much as is wanted, and goes on from there", async () => {
    const { asked, readPage } = workspace(20_000);
    const first = await listUpTo(null, 5000, readPage);
    expect([first.entries.length, asked.length, first.after]).toEqual([5000, 5, "4999"]);
    const second = await listUpTo(first, 10_000, readPage);
    expect([second.entries.length, asked.length]).toEqual([10_000, 10]);
    const all = await listUpTo(second, 1e6, readPage);
    expect(new Set(all.entries.map(({ path }) => path)).size).toBe(20_000);
    expect(all.after).toBeNull();
    expect(await listUpTo(all, 2e6, readPage)).toBe(all);
    expect(asked).toHaveLength(20);
  });

  it("is all there when it is short", async () => {
    const { readPage } = workspace(3);
    expect(await listUpTo(null, 5000, readPage)).toMatchObject({ after: null, truncated: false });
  });

  it("ends where a server names the same place again, and says that it is not all", async () => {
    const stuck = async (): Promise<Listing> => ({ entries: [file("a")], truncated: false, after: "a" });
    expect(await listUpTo(null, 100, stuck)).toMatchObject({ after: null, truncated: true });
  });

  it("has what is gone where it was", () => {
    const gone: Entry = { path: "b", kind: "file", change: "deleted" };
    expect(byPath([file("a"), file("c"), gone]).map(({ path }) => path)).toEqual(["a", "b", "c"]);
  });
});

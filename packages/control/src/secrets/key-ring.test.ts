import { randomBytes } from "node:crypto";
import { storedPlace, taskPlace } from "@agency/core";
import { describe, expect, it } from "vitest";
import { createKeyRing } from "./key-ring.ts";

const OLD = { id: "old", key: randomBytes(32) };
const NEW = { id: "new", key: randomBytes(32) };
const ring = (...keys: { id: string; key: Uint8Array }[]) => createKeyRing(keys, () => 7);
const place = storedPlace({ accountId: "a", project: "", name: "GITHUB_TOKEN", version: 1 });

describe("a key ring", () => {
  it("opens what it sealed, and seals the same value differently each time", () => {
    const keys = ring(OLD);
    const [one, two] = [keys.seal("sécret\n", place), keys.seal("sécret\n", place)];
    expect(keys.open(one, place)).toBe("sécret\n");
    expect(keys.open(two, place)).toBe("sécret\n");
    expect(Buffer.from(one.sealed)).not.toEqual(Buffer.from(two.sealed));
    expect(Buffer.concat([one.sealed, one.wrappedKey]).includes("sécret")).toBe(false);
  });

  it.each([
    ["another account", { accountId: "b", project: "", name: "GITHUB_TOKEN", version: 1 }],
    ["a project", { accountId: "a", project: "web", name: "GITHUB_TOKEN", version: 1 }],
    ["another name", { accountId: "a", project: "", name: "GIT_TOKEN@a.example", version: 1 }],
    ["another version", { accountId: "a", project: "", name: "GITHUB_TOKEN", version: 2 }],
  ])("does not open what was copied to %s", (_, elsewhere) => {
    const keys = ring(OLD);
    const sealed = keys.seal("a-secret-value", place);
    expect(() => keys.open(sealed, storedPlace(elsewhere))).toThrow("does not open where it lies");
    expect(() => keys.rewrap(sealed, storedPlace(elsewhere))).toThrow("does not open where it lies");
  });

  it("does not open a task's secret for another task, nor as a stored one", () => {
    const keys = ring(OLD);
    const row = { accountId: "a", taskId: "t1", name: "GITHUB_TOKEN" };
    const sealed = keys.seal("a-secret-value", taskPlace(row));
    expect(() => keys.open(sealed, taskPlace({ ...row, taskId: "t2" }))).toThrow("does not open");
    expect(() => keys.open(sealed, place)).toThrow("does not open");
  });

  it.each(["wrappedKey", "sealed"] as const)("notices one changed bit of %s", (part) => {
    const keys = ring(OLD);
    const sealed = keys.seal("a-secret-value", place);
    for (let at = 0; at < sealed[part].length; at += 1) {
      const bytes = Uint8Array.from(sealed[part]);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect(() => keys.open({ ...sealed, [part]: bytes }, place)).toThrow("does not open");
    }
    expect(() => keys.open({ ...sealed, [part]: new Uint8Array(3) }, place)).toThrow("does not open");
  });

  it("says which master key is missing, and what to do", () => {
    const sealed = ring(OLD).seal("a-secret-value", place);
    const open = () => ring(NEW).open(sealed, place);
    expect(open).toThrow(
      expect.objectContaining({
        code: "unavailable",
        message: expect.stringContaining("master key old"),
        next: expect.stringContaining("Add old behind the newest key"),
      }),
    );
  });

  it("wraps a value anew with its newest key, after which the old one is not needed", () => {
    const sealed = ring(OLD).seal("a-secret-value", place);
    const again = ring(NEW, OLD).rewrap(sealed, place);
    expect(again.keyId).toBe("new");
    expect(ring(NEW).open(again, place)).toBe("a-secret-value");
  });

  it("knows when it last sealed with a key", () => {
    const keys = ring(OLD);
    expect(keys.lastSealedAt("old")).toBeNull();
    keys.seal("a-secret-value", place);
    keys.use([NEW, OLD]);
    expect(keys.newest()).toBe("new");
    expect(keys.lastSealedAt("old")).toBe(7);
  });

  it("takes no keys that cannot be told apart or are too short", () => {
    expect(() => ring(OLD, { ...NEW, id: "old" })).toThrow("ids that differ");
    expect(() => ring({ id: "short", key: randomBytes(16) })).toThrow("32 bytes");
  });
});

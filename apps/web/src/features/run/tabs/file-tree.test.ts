import { describe, expect, it } from "vitest";
import { treeOf } from "./file-tree.ts";

const files = (...paths: string[]) =>
  paths.map((path) => ({ path, kind: "file" as const, bytes: 1, mode: 0o644 }));

describe("the files of an archive as a tree", () => {
  it("stand in their folders, whatever these are called", () => {
    const top = treeOf(files("a.ts", "src/b.ts", "src/__proto__/c.ts", "src/d.ts"));
    expect(top.files.map(({ name }) => name)).toEqual(["a.ts"]);
    const [src] = top.folders;
    expect(src).toMatchObject({ path: "src/", name: "src" });
    expect(src?.files.map(({ name }) => name)).toEqual(["b.ts", "d.ts"]);
    expect(src?.folders[0]?.files[0]).toMatchObject({ name: "c.ts", file: { path: "src/__proto__/c.ts" } });
  });

  it("tell how many in each folder are not as they were, those that are gone among them", () => {
    const top = treeOf([
      { path: "src/a/one.ts", kind: "file", change: "added" },
      { path: "src/a/two.ts", kind: "file", change: "deleted" },
      { path: "src/b/three.ts", kind: "file" },
    ]);
    const [src] = top.folders;
    expect([top.changed, src?.changed, ...(src?.folders ?? []).map(({ changed }) => changed)]).toEqual([
      2, 2, 2, 0,
    ]);
  });

  it("end at a depth that can be drawn", () => {
    let folder = treeOf(files(`${"d/".repeat(2000)}end`));
    let depth = 0;
    for (let inner = folder.folders[0]; inner !== undefined; inner = folder.folders[0]) {
      folder = inner;
      depth += 1;
    }
    expect(depth).toBe(40);
    expect(folder.files[0]?.name).toMatch(/^d\/.*end$/);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tarZst } from "../testing/tar.ts";
import { openArchive } from "./open-archive.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "agency-open-archive-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("an archive that ends too soon", () => {
  it("is refused each time, however many are read at once", async () => {
    const path = join(folder, "a.tar.zst");
    writeFileSync(path, tarZst({ name: "a", body: "x".repeat(5000) }).subarray(0, -3));
    const read = async () => {
      for await (const { body } of openArchive(path))
        for await (const bytes of body) expect(bytes).toBeDefined();
    };
    const refused = await Promise.allSettled(Array.from({ length: 100 }, read));
    expect(refused.map((one) => one.status === "rejected" && (one.reason as Error).name)).toEqual(
      Array.from({ length: 100 }, () => "ArchiveError"),
    );
  });
});

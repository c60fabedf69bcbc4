import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startS3Server } from "@agency/testing";
import { describe, expect, it } from "vitest";
import { placeOf } from "./s3/testing/place-of.ts";

const MIB = 1024 * 1024;
const SIZE = 200 * MIB;
const index = JSON.stringify(new URL("index.ts", import.meta.url).href);

/** Writes and reads 200 MiB; says by how much the process grew at most, and what of the SDK it loaded. */
async function streamThrough(open: string): Promise<{ read: number; grownMib: number; loaded: string[] }> {
  const script = `
    import { registerHooks } from "node:module";
    const loaded = new Set();
    registerHooks({ load(url, context, next) {
      const [found] = /@aws-sdk\\/[^/]+/.exec(url) ?? [];
      if (found) loaded.add(found);
      return next(url, context);
    } });
    const { openLocalStorage, openS3Storage } = await import(${index});
    const storage = await ${open};
    await storage.put("warm", new Uint8Array(1000));
    await storage.get("warm");
    const peak = () => process.resourceUsage().maxRSS / 1024;
    const before = peak();
    async function* body() {
      for (let sent = 0; sent < ${SIZE}; sent += 65536) yield Buffer.alloc(65536, sent / 65536);
    }
    await storage.write("big", body(), { bytes: ${SIZE} });
    let read = 0;
    for await (const chunk of (await storage.read("big")).body) read += chunk.length;
    const grownMib = Math.round(peak() - before);
    console.log(JSON.stringify({ read, grownMib, loaded: [...loaded] }));`;
  const args = ["--input-type=module", "-e", script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

describe("200 MiB through a storage", { timeout: 120_000 }, () => {
  it("is little memory with the data folder, and nothing of the SDK", async () => {
    const root = await mkdtemp(join(tmpdir(), "agency-storage-"));
    try {
      const { read, grownMib, loaded } = await streamThrough(`openLocalStorage(${JSON.stringify(root)})`);
      expect([read, loaded]).toEqual([SIZE, []]);
      expect(grownMib).toBeLessThan(110);
    } finally {
      await rm(root, { recursive: true });
    }
  });

  it("is a few parts of memory with a bucket", async () => {
    const server = await startS3Server();
    try {
      const { read, grownMib, loaded } = await streamThrough(
        `openS3Storage(${JSON.stringify(placeOf(server))})`,
      );
      expect([read, loaded]).toEqual([SIZE, expect.arrayContaining(["@aws-sdk/client-s3"])]);
      expect(grownMib).toBeLessThan(170);
    } finally {
      await server.close();
    }
  });
});

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildWeb } from "../scripts/build-web.ts";

const BUDGET = 150 * 1024;

interface Chunk {
  file: string;
  imports?: string[];
  isEntry?: boolean;
}

/** Everything the browser must have before the home page stands: the entry and what it imports without being asked. */
function firstLoad(manifest: Record<string, Chunk>): Set<string> {
  const files = new Set<string>();
  const take = (name: string) => {
    const chunk = manifest[name];
    if (chunk === undefined || files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const imported of chunk.imports ?? []) take(imported);
  };
  for (const [name, chunk] of Object.entries(manifest)) if (chunk.isEntry === true) take(name);
  return files;
}

it("the home page loads at most 150 KB of script, as it goes over the wire", async () => {
  const { folder } = await buildWeb();
  const manifest = JSON.parse(await readFile(join(folder, ".vite/manifest.json"), "utf8")) as Record<
    string,
    Chunk
  >;
  const files = firstLoad(manifest);
  expect(files.size).toBeGreaterThan(1);
  const sizes = await Promise.all(
    [...files].map(async (file) => (await stat(join(folder, `${file}.gz`))).size),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  process.stdout.write(`first load of the home page: ${(total / 1024).toFixed(1)} KB of script, gzip\n`);
  expect(total).toBeLessThanOrEqual(BUDGET);
}, 60_000);

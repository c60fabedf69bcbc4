// The web app as static files, with what a browser accepts precompressed beside each. Quick when nothing changed.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { extname, join, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const ROOT = join(import.meta.dirname, "..");
const APP = join(ROOT, "apps/web");
const SOURCES = ["apps/web", "packages/contract/src", "packages/client/src"];
const OTHERS = ["package-lock.json", "tsconfig.json", "scripts/build-web.ts"];
const COMPRESSED = new Set([".html", ".js", ".css", ".svg"]);
const STAMP = ".built-from";

/**
 * The contract is written against `z`, which carries every part of zod and its messages in fifty languages: 54 KB.
 * By name, only the parts in use come along; a schema nobody reads is left out.
 */
const zodInParts: Plugin = {
  name: "zod-in-parts",
  enforce: "pre",
  transform(code, id) {
    if (/packages[/\\](?:contract|client)[/\\]src/.test(id))
      return {
        code: code.replace('import { z } from "zod"', 'import * as z from "zod"'),
        map: null,
        moduleSideEffects: false,
      };
    if (/zod[/\\]v4[/\\]locales[/\\]index\.js$/.test(id))
      return { code: 'export { default as en } from "./en.js";', map: null, moduleSideEffects: false };
    // The page's policy forbids code made from text; zod would try once, and the browser would report it.
    if (/zod[/\\]v4[/\\]core[/\\]core\.js$/.test(id))
      return { code: `globalThis.__zod_globalConfig ??= { jitless: true };\n${code}`, map: null };
    return null;
  },
};

export interface WebBuild {
  folder: string;
  /** False: it had been built from the same sources. */
  built: boolean;
}

export async function buildWeb({ folder = join(ROOT, "dist/web") } = {}): Promise<WebBuild> {
  const wanted = await hashOfSources();
  const existing = await readFile(join(folder, STAMP), "utf8").catch(() => null);
  if (existing === wanted) return { folder, built: false };
  // Two set-ups at once must not see each other's half, nor a server that serves the folder.
  const partial = `${folder}.${process.pid}.partial`;
  // Loaded only when there is something to build: every start comes by here.
  const { build } = await import("vite");
  // Whoever builds for a test would get React's development half as well, twice the size.
  const environment = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = "production";
  await build({
    configFile: false,
    root: APP,
    logLevel: "error",
    plugins: [zodInParts],
    build: {
      outDir: partial,
      emptyOutDir: true,
      target: "es2023",
      manifest: true,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
  });
  if (environment === undefined) delete process.env["NODE_ENV"];
  else process.env["NODE_ENV"] = environment;
  await compressAll(partial);
  await writeFile(join(partial, STAMP), wanted);
  await replace(partial, folder);
  return { folder, built: true };
}

async function replace(partial: string, folder: string): Promise<void> {
  const old = `${folder}.${process.pid}.old`;
  await mkdir(join(folder, ".."), { recursive: true });
  await rename(folder, old).catch(() => undefined);
  await rename(partial, folder).catch(async () => {
    // Another set-up was first; what it built is as good.
    await rm(partial, { recursive: true, force: true });
  });
  await rm(old, { recursive: true, force: true });
}

async function hashOfSources(): Promise<string> {
  const lists = await Promise.all(SOURCES.map((folder) => filesIn(join(ROOT, folder))));
  const files = [...lists.flat(), ...OTHERS.map((path) => join(ROOT, path))].toSorted();
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${relative(ROOT, file)}\0`).update(await readFile(file));
  return hash.digest("hex");
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("node_modules"));
}

async function compressAll(folder: string): Promise<void> {
  const files = (await filesIn(folder)).filter((file) => COMPRESSED.has(extname(file)));
  await Promise.all(files.map(compress));
}

async function compress(file: string): Promise<void> {
  const bytes = await readFile(file);
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  await Promise.all([
    promisify(brotliCompress)(bytes, { params }).then((small) => writeFile(`${file}.br`, small)),
    promisify(gzip)(bytes, { level: 9 }).then((small) => writeFile(`${file}.gz`, small)),
  ]);
}

if (import.meta.main) {
  const { folder, built } = await buildWeb();
  const { size } = await stat(join(folder, "index.html"));
  process.stdout.write(`${built ? "built" : "up to date"}: ${folder} (index.html ${size} bytes)\n`);
}

import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
  webmanifest: "application/manifest+json",
  svg: "image/svg+xml",
  png: "image/png",
  ico: "image/x-icon",
  webp: "image/webp",
  woff2: "font/woff2",
  txt: "text/plain; charset=utf-8",
  map: "application/json",
  wasm: "application/wasm",
};

/** In the order they are preferred. */
export const ENCODINGS = { br: "br", zstd: "zst", gzip: "gz" } as const;
export type Encoding = keyof typeof ENCODINGS;

export interface Asset {
  file: string;
  type: string;
  /** Of the content, in base64url. */
  hash: string;
  /** Its name changes with its content. */
  hashed: boolean;
  encodings: readonly Encoding[];
}

export interface AssetList {
  /** By path, such as `/assets/index-BX3.js`. */
  byPath: ReadonlyMap<string, Asset>;
  /** Changes when the folder was built anew. */
  builtAt: number;
}

/**
 * Every file that is served, known beforehand: a request only ever names an entry of this list, so there is no
 * path to climb out of. Links are left out, wherever they lead.
 */
export async function listAssets(root: string): Promise<AssetList | null> {
  const builtAt = await builtWhen(root);
  if (builtAt === null) return null;
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const known = new Set(files);
  const byPath = new Map<string, Asset>();
  for (const file of files) {
    const type = TYPES[file.slice(file.lastIndexOf(".") + 1)];
    if (type === undefined) continue;
    const path = `/${relative(root, file).split(sep).join("/")}`;
    byPath.set(path, {
      file,
      type,
      hash: createHash("sha256")
        .update(await readFile(file))
        .digest("base64url")
        .slice(0, 22),
      hashed: path.startsWith("/assets/"),
      encodings: (["br", "zstd", "gzip"] as const).filter((name) => known.has(`${file}.${ENCODINGS[name]}`)),
    });
  }
  return { byPath, builtAt };
}

export async function builtWhen(root: string): Promise<number | null> {
  try {
    return (await stat(join(root, "index.html"))).mtimeMs;
  } catch {
    return null;
  }
}

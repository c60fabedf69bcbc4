import { readFile } from "node:fs/promises";
import type { ApiContext } from "../env.ts";
import { builtWhen, ENCODINGS, listAssets } from "./asset-list.ts";
import type { Asset, AssetList } from "./asset-list.ts";
import { chooseEncoding } from "./choose-encoding.ts";

/**
 * Nothing but our own files, no script in a page, no request to anywhere else. Text becomes code through the one
 * trusted-types policy `agency` only, which the app uses for the addresses of its own workers.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types agency",
].join("; ");

/** What is never a page of the app, also when nothing is there. */
const RESERVED = /^\/(?:v1|uplink|internal|healthz|readyz|metrics|docs|openapi\.json|assets)(?:\/|$)/;

export interface WebApp {
  /** The built file the request names, or the app's page for a page of the app; null when it is neither. */
  answer(c: ApiContext): Promise<Response | null>;
}

/** Serves a folder as `vite build` leaves it. Looks again when it was built anew, so nobody needs a restart. */
export function createWebApp(root: string): WebApp {
  let known: Promise<AssetList | null> = Promise.resolve(null);
  const assets = async (): Promise<AssetList | null> => {
    const [list, builtAt] = await Promise.all([known, builtWhen(root)]);
    if ((list?.builtAt ?? null) !== builtAt) known = listAssets(root).catch(() => null);
    return known;
  };
  return {
    async answer(c) {
      if (c.req.method !== "GET" && c.req.method !== "HEAD") return null;
      const list = await assets();
      const asset = list?.byPath.get(c.req.path) ?? (isPage(c) ? list?.byPath.get("/index.html") : undefined);
      return asset === undefined ? null : send(c, asset);
    },
  };
}

function isPage(c: ApiContext): boolean {
  const { path } = c.req;
  if (path === "/") return true;
  return !RESERVED.test(path) && /\btext\/html\b/i.test(c.req.header("accept") ?? "");
}

async function send(c: ApiContext, asset: Asset): Promise<Response> {
  const encoding = chooseEncoding(c.req.header("accept-encoding"), asset.encodings);
  const etag = `"${asset.hash}${encoding === null ? "" : `-${encoding}`}"`;
  const headers: Record<string, string> = {
    "content-type": asset.type,
    "cache-control": asset.hashed ? "public, max-age=31536000, immutable" : "no-cache",
    vary: "accept-encoding",
    etag,
    ...(asset.type.startsWith("text/html") ? { "content-security-policy": PAGE_POLICY } : {}),
    ...(encoding === null ? {} : { "content-encoding": encoding }),
  };
  if (isKnown(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
  const bytes = await readFile(encoding === null ? asset.file : `${asset.file}.${ENCODINGS[encoding]}`);
  headers["content-length"] = String(bytes.length);
  return c.req.method === "HEAD" ? c.body(null, 200, headers) : c.body(new Uint8Array(bytes), 200, headers);
}

function isKnown(header: string | undefined, etag: string): boolean {
  const given = (header ?? "").split(",").map((one) => one.trim().replace(/^W\//, ""));
  return given.some((one) => one === etag || one === "*");
}

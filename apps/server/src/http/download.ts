import { AgencyError } from "@agency/contract";
import type { Download } from "@agency/control";
import { attachmentDisposition } from "@agency/core";
import { readRange } from "./byte-range.ts";
import type { ApiContext } from "./env.ts";

/** Everything else is bytes to a browser: what an agent wrote must not run under our name, however it is opened. */
const PLAIN_TYPES = new Set(["text/plain", "application/json", "application/zstd", "application/x-tar"]);
const PICTURES = /^image\/(?:png|jpeg|gif|webp)$/;
const OPAQUE = "application/octet-stream";
/** A page holds it as one string. */
const MOST_TEXT = 16 * 1024 * 1024;

/** Saved, never shown; where it is shown all the same, it is nobody's page and may do nothing. */
export function attachmentHeaders(name: string, mediaType: string): Record<string, string> {
  const known = PLAIN_TYPES.has(mediaType) || PICTURES.test(mediaType);
  return {
    "content-type": known ? mediaType : OPAQUE,
    "content-disposition": attachmentDisposition(name.slice(name.lastIndexOf("/") + 1)),
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-cache",
  };
}

/** From storage itself when it can be asked directly, else through us, in whole or in part. */
export async function sendDownload(c: ApiContext, download: Download): Promise<Response> {
  const signed = await download.sign();
  if (signed !== null) return c.body(null, 302, { location: signed, "cache-control": "no-store" });
  const { bytes } = download;
  const etag = `"${download.sha256}"`;
  const headers = {
    ...attachmentHeaders(download.name, download.mediaType),
    etag,
    "accept-ranges": "bytes",
  };
  if (c.req.header("if-none-match") === etag) return c.body(null, 304, headers);
  const current = (c.req.header("if-range") ?? etag) === etag;
  const range = current ? readRange(c.req.header("range"), bytes) : null;
  if (range === "unsatisfiable") return c.body(null, 416, { "content-range": `bytes */${bytes}` });
  const { from, to } = range ?? { from: 0, to: bytes };
  const part = range === null ? {} : { "content-range": `bytes ${from}-${to - 1}/${bytes}` };
  const head = { ...headers, ...part, "content-length": String(to - from) };
  // A body that nobody reads would hold its file open.
  const body = c.req.method === "HEAD" || from === to ? null : await download.open({ from, to });
  return sendStream(c, body, range === null ? 200 : 206, head);
}

/** Through us, wherever it is stored: our own page may connect to no other origin. */
export async function sendText(c: ApiContext, download: Download): Promise<Response> {
  const { name, bytes, sha256 } = download;
  if (bytes > MOST_TEXT) {
    throw new AgencyError("payload_too_large", `${name} has ${bytes} bytes, too many to be read in place.`, {
      next: "Download it: leave `inline` away.",
    });
  }
  const etag = `"${sha256}"`;
  const headers = { ...attachmentHeaders(name, ""), "content-type": "text/plain; charset=utf-8", etag };
  if (c.req.header("if-none-match") === etag) return c.body(null, 304, headers);
  const body = c.req.method === "HEAD" || bytes === 0 ? null : await download.open();
  return sendStream(c, body, 200, { ...headers, "content-length": String(bytes) });
}

/** What fails before its first byte, as all of a small file that is damaged, is a problem like any other. */
export async function sendStream(
  c: ApiContext,
  body: ReadableStream<Uint8Array> | null,
  status: 200 | 206,
  headers: Record<string, string>,
): Promise<Response> {
  if (body === null) return c.body(null, status, headers);
  const reader = body.getReader();
  return c.body(continued(reader, await reader.read()), status, headers);
}

function continued(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  first: Awaited<ReturnType<typeof reader.read>>,
): ReadableStream<Uint8Array> {
  let begun: typeof first | null = first;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = begun ?? (await reader.read());
        begun = null;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

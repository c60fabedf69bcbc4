import { noBytes, textBytes } from "./byte-stream.ts";
import type { Bytes } from "./byte-stream.ts";
import type { LfsObject } from "./lfs-objects.ts";
import { LFS_JSON, lfsRefusal } from "./refusal.ts";
import type { Transfer } from "./transfer.ts";
import { callUpstream, redirectOf } from "./upstream.ts";
import type { Reached } from "./upstream.ts";

const MAX_REDIRECTS = 3;
const METHOD = { download: "GET", upload: "PUT", verify: "POST" } as const;

/** One object there or back, under the name it got in the batch. */
export async function carryObject(
  request: Request,
  transfer: Transfer,
  object: LfsObject,
  allowInternalHosts: readonly string[],
): Promise<Response> {
  const { kind, size } = object;
  if (request.method !== METHOD[kind]) {
    const why = `This address is for ${METHOD[kind]}.`;
    return transfer.deny(why, lfsRefusal(405, why));
  }
  if (kind === "upload" && request.headers.get("content-length") !== String(size)) {
    const why = "The upload has another size than was asked for.";
    return transfer.deny(why, lfsRefusal(422, why));
  }
  const reached = await dial(request, transfer, object, allowInternalHosts);
  if (!reached.ok)
    return transfer.deny(reached.why, lfsRefusal(403, `The object cannot be had: ${reached.why}.`));
  const { response } = reached;
  const { statusCode: status = 502 } = response;
  if (status >= 300) {
    response.destroy();
    const why = `${object.url.host} answered ${status} about LFS object ${object.oid.slice(0, 12)}.`;
    return transfer.fail(why, lfsRefusal(status === 401 || status < 400 ? 403 : status, why));
  }
  // These two have no body, and no Response takes one for them.
  if (status === 204 || status === 205) {
    response.resume();
    return transfer.answer(null, { "cache-control": "no-store" });
  }
  const headers = new Headers({ "content-type": "application/octet-stream", "cache-control": "no-store" });
  for (const name of ["content-length", "content-range"]) {
    const value = response.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  return transfer.stream(response, status, headers);
}

async function dial(
  request: Request,
  transfer: Transfer,
  object: LfsObject,
  allowInternalHosts: readonly string[],
): Promise<Reached> {
  const method = METHOD[object.kind];
  const body = bodyOf(request, transfer, object);
  let { url } = object;
  for (let hops = 0; ; hops += 1) {
    // Its headers may open anything at that host; to another host goes none of them.
    const opening = url.origin === object.url.origin ? lowerCase(object.headers) : {};
    const reached = await callUpstream({
      method,
      url,
      headers: { ...ownHeaders(request, object), ...opening },
      body,
      signal: transfer.signal,
      allowInternalHosts,
    });
    const next = reached.ok && method === "GET" ? redirectOf(reached.response, url) : null;
    if (!reached.ok || next === null) return reached;
    reached.response.destroy();
    if (hops === MAX_REDIRECTS) return { ok: false, why: `${url.host} redirects in circles` };
    url = next;
  }
}

function bodyOf({ body }: Request, transfer: Transfer, { kind, oid, size }: LfsObject): Bytes | null {
  if (kind === "upload") return transfer.counted(body ?? noBytes());
  return kind === "verify" ? textBytes(JSON.stringify({ oid, size })) : null;
}

function ownHeaders(request: Request, { kind, oid, size }: LfsObject): Record<string, string> {
  if (kind === "upload")
    return { "content-type": "application/octet-stream", "content-length": String(size) };
  if (kind === "verify") {
    const length = Buffer.byteLength(JSON.stringify({ oid, size }));
    return { "content-type": LFS_JSON, accept: LFS_JSON, "content-length": String(length) };
  }
  const range = request.headers.get("range");
  return range !== null && /^bytes=\d{1,15}-(?:\d{1,15})?$/.test(range) ? { range } : {};
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

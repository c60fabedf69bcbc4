import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

export interface LfsStore {
  readonly origin: string;
  readonly objects: Map<string, Buffer>;
  /** What the addresses it gives out are opened with. */
  readonly authorization: string;
}

const JSON_TYPE = { "content-type": "application/vnd.git-lfs+json" };

/** A small LFS server: the batch, the objects behind addresses with headers of their own, verify and locks. */
export function lfsAnswers(store: LfsStore, request: IncomingMessage, response: ServerResponse): boolean {
  const path = request.url ?? "";
  if (path.endsWith("/info/lfs/objects/batch")) void batch(store, request, response);
  else if (path.endsWith("/info/lfs/locks/verify")) {
    request.resume();
    response.writeHead(200, JSON_TYPE).end(JSON.stringify({ ours: [], theirs: [] }));
  } else if (path.startsWith("/storage/")) void object(store, request, response);
  else return false;
  return true;
}

async function batch(store: LfsStore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { operation, objects } = JSON.parse((await buffer(request)).toString()) as {
    operation: "download" | "upload";
    objects: { oid: string; size: number }[];
  };
  const action = (path: string, oid: string) => ({
    href: `${store.origin}/storage/${path}/${oid}?signature=storage-secret`,
    header: { "X-Storage-Key": "storage-secret" },
  });
  const answered = objects.map(({ oid, size }) => {
    const has = store.objects.has(oid);
    if (operation === "upload") {
      return has
        ? { oid, size }
        : { oid, size, actions: { upload: action("put", oid), verify: action("verify", oid) } };
    }
    return has
      ? { oid, size, actions: { download: action("moved", oid) } }
      : { oid, size, error: { code: 404, message: "no such object" } };
  });
  response.writeHead(200, JSON_TYPE).end(JSON.stringify({ transfer: "basic", objects: answered }));
}

async function object(store: LfsStore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, kind = "", oid = ""] = /^\/storage\/(\w+)\/([0-9a-f]{64})/.exec(request.url ?? "") ?? [];
  const body = await buffer(request);
  if (request.headers["x-storage-key"] !== "storage-secret") return void response.writeHead(403).end();
  if (kind === "moved") {
    return void response.writeHead(302, { location: `${store.origin}/storage/get/${oid}` }).end();
  }
  if (kind === "put") {
    const isRight = createHash("sha256").update(body).digest("hex") === oid;
    if (isRight) store.objects.set(oid, body);
    return void response.writeHead(isRight ? 200 : 422).end();
  }
  const held = store.objects.get(oid);
  if (kind === "verify") return void response.writeHead(held === undefined ? 404 : 200).end();
  if (held === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { "content-length": held.length }).end(held);
}

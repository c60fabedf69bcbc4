import type { Answer, Call } from "./operations.ts";
import { unknownOperation } from "./s3-error.ts";
import { document, element } from "./xml.ts";

const MOST = 1000;

const inOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const iso = (at: number): string => new Date(at).toISOString();

/** Continuation tokens are opaque to clients, so they are not simply the key. */
const tokenOf = (key: string): string => Buffer.from(`after ${key}`).toString("base64url");
const keyIn = (token: string): string => Buffer.from(token, "base64url").toString().slice("after ".length);

function atMost(query: Map<string, string>, name: string): number {
  return Math.min(Number(query.get(name) ?? MOST), MOST);
}

export function listObjects({ bucket, bucketName, query }: Call): Answer {
  if (query.has("delimiter")) throw unknownOperation();
  const prefix = query.get("prefix") ?? "";
  const token = query.get("continuation-token");
  const after = token === undefined ? (query.get("start-after") ?? "") : keyIn(token);
  const limit = atMost(query, "max-keys");
  const all = [...bucket.objects.keys()].filter((key) => key.startsWith(prefix) && inOrder(key, after) > 0);
  const keys = all.sort(inOrder).slice(0, limit);
  const truncated = all.length > keys.length;
  const contents = keys.map((key) => {
    const blob = bucket.objects.get(key);
    const facts = [
      element("Key", key),
      element("LastModified", iso(blob?.at ?? 0)),
      element("ETag", `"${blob?.etag}"`),
      element("Size", blob?.bytes ?? 0),
    ];
    return `<Contents>${facts.join("")}</Contents>`;
  });
  return xml(
    document(
      "ListBucketResult",
      element("Name", bucketName),
      element("Prefix", prefix),
      element("KeyCount", keys.length),
      element("MaxKeys", limit),
      element("IsTruncated", truncated),
      truncated ? element("NextContinuationToken", tokenOf(keys.at(-1) ?? "")) : "",
      ...contents,
    ),
  );
}

export function listUploads({ bucket, bucketName, query }: Call): Answer {
  const prefix = query.get("prefix") ?? "";
  const marker = `${query.get("key-marker") ?? ""}\0${query.get("upload-id-marker") ?? ""}`;
  const limit = atMost(query, "max-uploads");
  const place = ({ key, id }: { key: string; id: string }) => `${key}\0${id}`;
  const all = [...bucket.uploads.values()]
    .filter((upload) => upload.key.startsWith(prefix) && inOrder(place(upload), marker) > 0)
    .sort((a, b) => inOrder(place(a), place(b)));
  const page = all.slice(0, limit);
  const last = page.at(-1);
  const truncated = all.length > page.length;
  const next =
    truncated && last ? element("NextKeyMarker", last.key) + element("NextUploadIdMarker", last.id) : "";
  const uploads = page.map(
    ({ key, id, at }) =>
      `<Upload>${element("Key", key)}${element("UploadId", id)}${element("Initiated", iso(at))}</Upload>`,
  );
  return xml(
    document(
      "ListMultipartUploadsResult",
      element("Bucket", bucketName),
      element("IsTruncated", truncated),
      next,
      ...uploads,
    ),
  );
}

const xml = (text: string): Answer => ({
  status: 200,
  headers: { "content-type": "application/xml" },
  body: [Buffer.from(text)],
});

import type { IncomingHttpHeaders } from "node:http";
import { beginUpload, completeUpload, md5, slices, uploadOf } from "./bucket.ts";
import type { Blob, Bucket } from "./bucket.ts";
import { listObjects, listUploads } from "./lists.ts";
import { invalid, S3Error, unknownOperation } from "./s3-error.ts";
import { document, element, texts } from "./xml.ts";

export interface Call {
  bucket: Bucket;
  bucketName: string;
  key: string;
  query: Map<string, string>;
  headers: IncomingHttpHeaders;
  body: Buffer;
  now: number;
}

export interface Answer {
  status: number;
  headers?: Record<string, string | number>;
  body?: Buffer[];
}

export type Operation = keyof typeof OPERATIONS;

/** Which operation it is says the method, whether there is a key, and which parameters are there. */
export function operationOf(
  method: string,
  key: string,
  query: Map<string, string>,
  headers: IncomingHttpHeaders,
): Operation {
  // Taken for a PUT it would store nothing, and say that all is well.
  if (headers["x-amz-copy-source"] !== undefined) throw unknownOperation();
  const names = [...query.keys()].filter((name) => !/^(x-amz-|response-|x-id$)/i.test(name)).sort();
  const form = `${method} ${key === "" ? "bucket" : "object"} ${names.join("&")}`.trimEnd();
  if (form.startsWith("GET bucket") && query.get("list-type") === "2") return "ListObjectsV2";
  if (form.startsWith("GET bucket") && query.has("uploads")) return "ListMultipartUploads";
  const operation = FORMS[form];
  if (operation === undefined) throw unknownOperation();
  return operation;
}

const FORMS: Record<string, Operation> = {
  "PUT object": "PutObject",
  "GET object": "GetObject",
  "HEAD object": "HeadObject",
  "DELETE object": "DeleteObject",
  "POST object uploads": "CreateMultipartUpload",
  "PUT object partNumber&uploadId": "UploadPart",
  "POST object uploadId": "CompleteMultipartUpload",
  "DELETE object uploadId": "AbortMultipartUpload",
  "POST bucket delete": "DeleteObjects",
  "HEAD bucket": "HeadBucket",
};

export const OPERATIONS = {
  PutObject: putObject,
  GetObject: getObject,
  HeadObject: getObject,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  HeadBucket: (): Answer => ({ status: 200 }),
  ListObjectsV2: listObjects,
  ListMultipartUploads: listUploads,
  CreateMultipartUpload: createUpload,
  UploadPart: uploadPart,
  CompleteMultipartUpload: complete,
  AbortMultipartUpload: abortUpload,
};

const about = ({ headers, now }: Call) => ({
  contentType: headers["content-type"] ?? "binary/octet-stream",
  metadata: Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith("x-amz-meta-") ? [[name.slice(11), String(value)]] : [],
    ),
  ),
  at: now,
});

function refuseExisting({ bucket, key, headers }: Call): void {
  if (headers["if-none-match"] === "*" && bucket.objects.has(key))
    throw new S3Error(
      412,
      "PreconditionFailed",
      "At least one of the pre-conditions you specified did not hold.",
    );
}

function putObject(call: Call): Answer {
  refuseExisting(call);
  const { bucket, key, body } = call;
  const etag = md5(body);
  const sent = call.headers["x-amz-checksum-sha256"];
  const checksum = sent === undefined ? {} : { checksum: String(sent) };
  bucket.objects.set(key, { chunks: [body], bytes: body.length, etag, ...checksum, ...about(call) });
  return { status: 200, headers: { etag: `"${etag}"` } };
}

function getObject({ bucket, key, query, headers }: Call): Answer {
  const blob = bucket.objects.get(key);
  if (blob === undefined) throw new S3Error(404, "NoSuchKey", "The specified key does not exist.");
  const wanted = headers["if-match"];
  if (wanted !== undefined && wanted !== `"${blob.etag}"`)
    throw new S3Error(
      412,
      "PreconditionFailed",
      "At least one of the pre-conditions you specified did not hold.",
    );
  const disposition = query.get("response-content-disposition");
  const common = {
    etag: `"${blob.etag}"`,
    "last-modified": new Date(blob.at).toUTCString(),
    "accept-ranges": "bytes",
    "content-type": query.get("response-content-type") ?? blob.contentType,
    ...(disposition === undefined ? {} : { "content-disposition": disposition }),
    ...checksumOf(blob, headers),
    ...Object.fromEntries(
      Object.entries(blob.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]),
    ),
  };
  const range = rangeOf(headers.range, blob);
  if (range === null)
    return { status: 200, headers: { ...common, "content-length": blob.bytes }, body: blob.chunks };
  const { from, to } = range;
  const span = { "content-length": to - from, "content-range": `bytes ${from}-${to - 1}/${blob.bytes}` };
  return { status: 206, headers: { ...common, ...span }, body: slices(blob, from, to) };
}

function checksumOf({ checksum }: Blob, headers: IncomingHttpHeaders): Record<string, string> {
  if (checksum === undefined || headers["x-amz-checksum-mode"] !== "ENABLED") return {};
  return { "x-amz-checksum-sha256": checksum, "x-amz-checksum-type": "FULL_OBJECT" };
}

function rangeOf(header: string | undefined, { bytes }: Blob): { from: number; to: number } | null {
  if (header === undefined) return null;
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (first === "" && last === "") return null;
  const from = first === "" ? Math.max(bytes - Number(last), 0) : Number(first);
  const to = first === "" || last === "" ? bytes : Math.min(Number(last) + 1, bytes);
  if (from < to) return { from, to };
  throw new S3Error(416, "InvalidRange", "The requested range is not satisfiable");
}

function deleteObject({ bucket, key }: Call): Answer {
  bucket.objects.delete(key);
  return { status: 204 };
}

function deleteObjects({ bucket, body, headers }: Call): Answer {
  const checked = Object.keys(headers).some((name) =>
    /^(content-md5|x-amz-checksum-(crc32|sha256))$/.test(name),
  );
  if (!checked) throw invalid("Missing required header for this request: Content-MD5");
  const keys = texts(body.toString(), "Key");
  if (keys.length === 0 || keys.length > 1000)
    throw new S3Error(400, "MalformedXML", "The XML is not well-formed.");
  for (const key of keys) bucket.objects.delete(key);
  return xml(document("DeleteResult"));
}

function createUpload(call: Call): Answer {
  const { id } = beginUpload(call.bucket, { key: call.key, ...about(call) });
  const names = element("Bucket", call.bucketName) + element("Key", call.key);
  return xml(document("InitiateMultipartUploadResult", names, element("UploadId", id)));
}

function uploadPart({ bucket, key, query, body }: Call): Answer {
  const number = Number(query.get("partNumber"));
  if (!(number >= 1 && number <= 10_000))
    throw new S3Error(
      400,
      "InvalidArgument",
      "Part number must be an integer between 1 and 10000, inclusive",
    );
  uploadOf(bucket, query.get("uploadId") ?? "", key).parts.set(number, body);
  return { status: 200, headers: { etag: `"${md5(body)}"` } };
}

function complete(call: Call): Answer {
  const { bucket, key, query, body, now } = call;
  const upload = uploadOf(bucket, query.get("uploadId") ?? "", key);
  refuseExisting(call);
  const text = body.toString();
  const etags = texts(text, "ETag").map((etag) => etag.replaceAll('"', ""));
  const named = texts(text, "PartNumber").map((number, i) => ({
    number: Number(number),
    etag: etags[i] ?? "",
  }));
  const { etag } = completeUpload(bucket, upload, named, now);
  const names = element("Bucket", call.bucketName) + element("Key", key);
  return xml(document("CompleteMultipartUploadResult", names, element("ETag", `"${etag}"`)));
}

function abortUpload({ bucket, key, query }: Call): Answer {
  bucket.uploads.delete(uploadOf(bucket, query.get("uploadId") ?? "", key).id);
  return { status: 204 };
}

const xml = (text: string): Answer => ({
  status: 200,
  headers: { "content-type": "application/xml" },
  body: [Buffer.from(text)],
});

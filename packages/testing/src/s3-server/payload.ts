import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { crc32 } from "node:zlib";
import { invalid, S3Error } from "./s3-error.ts";
import { hmac, sameText, sha256, wrongSignature } from "./sigv4.ts";
import type { Signature } from "./sigv4.ts";

const EMPTY = sha256("");

/** The bytes that were meant, checked against everything the request says about them. */
export function verifiedPayload(raw: Buffer, headers: IncomingHttpHeaders, signature: Signature): Buffer {
  const { payloadHash } = signature;
  if (payloadHash.startsWith("STREAMING-")) return chunkedPayload(raw, headers, signature);
  if (payloadHash !== "UNSIGNED-PAYLOAD" && payloadHash !== sha256(raw))
    throw new S3Error(
      400,
      "XAmzContentSHA256Mismatch",
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  checkDigests(raw, headers);
  return raw;
}

function checkDigests(body: Buffer, headers: IncomingHttpHeaders): void {
  checkDigest("content-md5", headers["content-md5"]?.toString(), () =>
    createHash("md5").update(body).digest("base64"),
  );
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith("x-amz-checksum-") && !SETTINGS_OF_CHECKSUMS.has(name))
      checkDigest(name, String(value), () => checksum(name, body));
}

const SETTINGS_OF_CHECKSUMS = new Set([
  "x-amz-checksum-mode",
  "x-amz-checksum-algorithm",
  "x-amz-checksum-type",
]);

function checkDigest(name: string, sent: string | undefined, computed: () => string): void {
  if (sent !== undefined && sent !== computed())
    throw new S3Error(400, "BadDigest", `The ${name} you specified did not match what we received.`);
}

function checksum(name: string, body: Buffer): string {
  if (name === "x-amz-checksum-sha256") return createHash("sha256").update(body).digest("base64");
  if (name !== "x-amz-checksum-crc32") throw invalid(`${name} is not known here.`);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString("base64");
}

interface Framing {
  signed: boolean;
  trailer: boolean;
}

const FRAMINGS: Record<string, Framing> = {
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": { signed: true, trailer: false },
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": { signed: true, trailer: true },
  "STREAMING-UNSIGNED-PAYLOAD-TRAILER": { signed: false, trailer: true },
};

/** The `aws-chunked` framing: each chunk's signature covers the one before it, the first one the request's. */
function chunkedPayload(raw: Buffer, headers: IncomingHttpHeaders, seed: Signature): Buffer {
  const framing = FRAMINGS[seed.payloadHash];
  if (framing === undefined) throw invalid(`${seed.payloadHash} is no payload option.`);
  const chunks: Buffer[] = [];
  let previous = seed.signature;
  let at = 0;
  for (;;) {
    const { line, end } = lineAt(raw, at);
    const [, hex = "", signature = ""] =
      /^([0-9a-f]+)(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line) ?? [];
    const size = Number.parseInt(hex, 16);
    if (Number.isNaN(size)) throw brokenFraming();
    const chunk = raw.subarray(end, end + size);
    if (chunk.length !== size) throw incomplete();
    if (framing.signed) previous = verifyChunk(seed, previous, chunk, signature);
    at = end + size;
    if (size === 0) break;
    if (raw.toString("latin1", at, at + 2) !== "\r\n") throw brokenFraming();
    at += 2;
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (body.length !== Number(headers["x-amz-decoded-content-length"])) throw incomplete();
  checkTrailer(raw.subarray(at).toString("latin1"), body, headers, framing, seed, previous);
  return body;
}

function verifyChunk(seed: Signature, previous: string, chunk: Buffer, signature: string): string {
  const toSign = ["AWS4-HMAC-SHA256-PAYLOAD", seed.date, seed.scope, previous, EMPTY, sha256(chunk)];
  if (!sameText(hmac(seed.key, toSign.join("\n")).toString("hex"), signature)) throw wrongSignature();
  return signature;
}

function checkTrailer(
  text: string,
  body: Buffer,
  headers: IncomingHttpHeaders,
  framing: Framing,
  seed: Signature,
  previous: string,
): void {
  const fields = new Map(
    text
      .split("\r\n")
      .filter((line) => line.includes(":"))
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const signature = fields.get("x-amz-trailer-signature") ?? "";
  fields.delete("x-amz-trailer-signature");
  const announced = framing.trailer ? String(headers["x-amz-trailer"] ?? "").split(",") : [];
  if (announced.join() !== [...fields.keys()].join())
    throw new S3Error(400, "MalformedTrailerError", "The trailer is not the one that was announced.");
  for (const [name, value] of fields) checkDigest(name, value, () => checksum(name, body));
  if (!framing.signed || !framing.trailer) return;
  const canonical = [...fields].map(([name, value]) => `${name}:${value}\n`).join("");
  const toSign = ["AWS4-HMAC-SHA256-TRAILER", seed.date, seed.scope, previous, sha256(canonical)];
  if (!sameText(hmac(seed.key, toSign.join("\n")).toString("hex"), signature)) throw wrongSignature();
}

function lineAt(raw: Buffer, from: number): { line: string; end: number } {
  const end = raw.indexOf("\r\n", from, "latin1");
  if (end === -1) throw incomplete();
  return { line: raw.toString("latin1", from, end), end: end + 2 };
}

const incomplete = () =>
  new S3Error(400, "IncompleteBody", "You did not provide the number of bytes specified by the headers.");
const brokenFraming = () =>
  new S3Error(400, "InvalidChunkSizeError", "The chunks are not framed as they should be.");

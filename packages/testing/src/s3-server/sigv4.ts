import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { denied, S3Error } from "./s3-error.ts";

/**
 * Signature Version 4 from the side of the server, as AWS documents it under "Authenticating Requests
 * (AWS Signature Version 4)". It is the oracle for whatever signs: it shares no code with the SDK.
 */
export interface Account {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  region: string;
}

export interface SignedRequest {
  method: string;
  /** As it stands in the request line. */
  path: string;
  query: [string, string][];
  headers: IncomingHttpHeaders;
}

/** What the body has to be checked against. */
export interface Signature {
  payloadHash: string;
  signature: string;
  scope: string;
  date: string;
  key: Buffer;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const SKEW_MS = 15 * 60 * 1000;
const LONGEST_S = 7 * 24 * 60 * 60;

export const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
export const hmac = (key: string | Uint8Array, data: string): Buffer =>
  createHmac("sha256", key).update(data).digest();

interface Claim {
  credential: string;
  signedHeaders: string[];
  signature: string;
  date: string;
  payloadHash: string;
  query: [string, string][];
  token: string | undefined;
}

export function verifySignature(request: SignedRequest, account: Account, now: number): Signature {
  const presigned = request.query.some(([name]) => name === "X-Amz-Signature");
  const claim = presigned ? presignedClaim(request, now) : headerClaim(request, now);
  const [accessKeyId, day = "", region, service, terminator] = claim.credential.split("/");
  if (accessKeyId !== account.accessKeyId)
    throw new S3Error(403, "InvalidAccessKeyId", "The AWS Access Key Id does not exist in our records.");
  if (
    region !== account.region ||
    service !== "s3" ||
    terminator !== "aws4_request" ||
    !claim.date.startsWith(day)
  )
    throw new S3Error(400, "AuthorizationHeaderMalformed", `Expecting the region '${account.region}'.`);
  if (claim.token !== account.sessionToken)
    throw new S3Error(400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
  refuseUnsigned(request.headers, claim.signedHeaders);
  const scope = [day, region, service, terminator].join("/");
  const toSign = [ALGORITHM, claim.date, scope, sha256(canonicalRequest(request, claim))].join("\n");
  const key = signingKey(account, day);
  if (!sameText(hmac(key, toSign).toString("hex"), claim.signature)) throw wrongSignature();
  return { payloadHash: claim.payloadHash, signature: claim.signature, scope, date: claim.date, key };
}

export const wrongSignature = () =>
  new S3Error(
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided.",
  );

export function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function signingKey({ secretAccessKey, region }: Account, day: string): Buffer {
  return [region, "s3", "aws4_request"].reduce(hmac, hmac(`AWS4${secretAccessKey}`, day));
}

function headerClaim({ headers, query }: SignedRequest, now: number): Claim {
  const authorization = headers.authorization;
  if (authorization === undefined) throw denied("Anonymous access is not allowed.");
  const parsed =
    /^AWS4-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    );
  const [, credential = "", signedHeaders = "", signature = ""] = parsed ?? [];
  if (parsed === null)
    throw new S3Error(400, "AuthorizationHeaderMalformed", "The authorization header is malformed.");
  const date = one(headers["x-amz-date"]);
  const payloadHash = one(headers["x-amz-content-sha256"]);
  if (payloadHash === "")
    throw new S3Error(
      400,
      "InvalidRequest",
      "Missing required header for this request: x-amz-content-sha256",
    );
  const at = timeOf(date);
  if (at === null) throw denied("AWS authentication requires a valid Date or x-amz-date header");
  if (Math.abs(now - at) > SKEW_MS)
    throw new S3Error(
      403,
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
    );
  const token = headers["x-amz-security-token"];
  return {
    credential,
    signedHeaders: signedHeaders.split(";"),
    signature,
    date,
    payloadHash,
    query,
    token: token === undefined ? undefined : one(token),
  };
}

function presignedClaim({ headers, query }: SignedRequest, now: number): Claim {
  const get = (name: string) => query.find(([found]) => found === name)?.[1];
  const malformed = (message: string) => new S3Error(400, "AuthorizationQueryParametersError", message);
  if (headers.authorization !== undefined)
    throw new S3Error(400, "InvalidArgument", "Only one auth mechanism allowed");
  if (get("X-Amz-Algorithm") !== ALGORITHM) throw malformed(`X-Amz-Algorithm only supports "${ALGORITHM}"`);
  const date = get("X-Amz-Date") ?? "";
  const at = timeOf(date);
  const seconds = Number(get("X-Amz-Expires"));
  if (at === null) throw malformed("X-Amz-Date must be in the ISO8601 Long Format");
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_S)
    throw malformed("X-Amz-Expires must be a number of seconds of at most a week");
  if (at - SKEW_MS > now) throw denied("Request is not yet valid");
  if (now > at + seconds * 1000) throw denied("Request has expired");
  return {
    credential: get("X-Amz-Credential") ?? "",
    signedHeaders: (get("X-Amz-SignedHeaders") ?? "").split(";"),
    signature: get("X-Amz-Signature") ?? "",
    date,
    payloadHash: get("X-Amz-Content-Sha256") ?? "UNSIGNED-PAYLOAD",
    query: query.filter(([name]) => name !== "X-Amz-Signature"),
    token: get("X-Amz-Security-Token"),
  };
}

function refuseUnsigned(headers: IncomingHttpHeaders, signed: string[]): void {
  const bare = Object.keys(headers).filter((name) => name.startsWith("x-amz-") && !signed.includes(name));
  if (!signed.includes("host") || bare.length > 0)
    throw denied(`There were headers present in the request which were not signed: ${bare.join(", ")}`);
}

function canonicalRequest({ method, path, headers }: SignedRequest, claim: Claim): string {
  const names = [...claim.signedHeaders].sort();
  const query = claim.query
    .map(([name, value]) => [encode(name), encode(value)].join("="))
    .sort()
    .join("&");
  return [
    method,
    path
      .split("/")
      .map((part) => encode(decode(part)))
      .join("/"),
    query,
    ...names.map((name) => `${name}:${one(headers[name]).trim().replace(/ +/g, " ")}`),
    "",
    names.join(";"),
    claim.payloadHash,
  ].join("\n");
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error(400, "InvalidURI", "Couldn't parse the specified URI.");
  }
}

const one = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? value.join(",") : (value ?? "");

function timeOf(date: string): number | null {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (parts === null) return null;
  const [year = 0, month = 0, ...rest] = parts.slice(1).map(Number);
  return Date.UTC(year, month - 1, ...rest);
}

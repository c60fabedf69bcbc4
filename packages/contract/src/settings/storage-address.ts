import { z } from "zod";

/** Where blobs live: the data folder, or a bucket of anything that speaks S3. */
export type StorageAddress = { kind: "local" } | ({ kind: "s3" } & S3Address);

export interface S3Address {
  /** As it was written; holds no secret. */
  text: string;
  bucket: string;
  /** Parts with slashes between them; empty: the whole bucket is ours. */
  prefix: string;
  /** Null: AWS itself. */
  endpoint: string | null;
  region: string | null;
  /** The bucket in the path instead of the host name. */
  pathStyle: boolean;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9._-]{1,200}(?:\/[A-Za-z0-9._-]{1,200})*$/;
const REGION = /^[a-z0-9-]{1,40}$/;
const OPTIONS = ["endpoint", "region", "pathStyle"];

/** The address, or what is wrong with it as the end of "AGENCY_STORAGE must …". */
export function parseStorageAddress(text: string): StorageAddress | string {
  if (text === "local") return { kind: "local" };
  const url = text.startsWith("s3://") ? URL.parse(text) : null;
  if (url === null) return "must be local, or look like s3://bucket/prefix";
  const problem = problemOf(url);
  if (problem !== null) return problem;
  const endpoint = url.searchParams.get("endpoint")?.replace(/\/+$/, "") ?? null;
  const pathStyle = url.searchParams.get("pathStyle");
  return {
    kind: "s3",
    text,
    bucket: url.hostname,
    prefix: prefixOf(url),
    endpoint,
    region: url.searchParams.get("region"),
    // Only AWS is sure to answer under every bucket's own name.
    pathStyle: pathStyle === null ? endpoint !== null : pathStyle === "true",
  };
}

const prefixOf = (url: URL): string => url.pathname.replace(/^\/|\/$/g, "");

function problemOf(url: URL): string | null {
  if (url.username !== "" || url.password !== "")
    return "must not contain a key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  if (!BUCKET.test(url.hostname) || url.port !== "" || url.hash !== "")
    return "must name a bucket, such as s3://my-bucket";
  if (prefixOf(url) !== "" && !PREFIX.test(prefixOf(url)))
    return "must have a prefix of letters, digits, dot, underscore and dash, with slashes between its parts";
  const names = [...url.searchParams.keys()];
  if (names.some((name) => !OPTIONS.includes(name)) || new Set(names).size < names.length)
    return `must have no options but ${OPTIONS.join(", ")}, each once`;
  return problemOfOptions(url.searchParams);
}

function problemOfOptions(options: URLSearchParams): string | null {
  const endpoint = options.get("endpoint");
  if (endpoint !== null && !isEndpoint(endpoint))
    return "must have an http(s) address without user, path or query as endpoint";
  if (!REGION.test(options.get("region") ?? "any")) return "must have a region such as eu-central-1";
  if (!/^(true|false)$/.test(options.get("pathStyle") ?? "true")) return "must have pathStyle=true or false";
  return null;
}

function isEndpoint(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return url.username === "" && url.password === "" && `${url.pathname}${url.search}${url.hash}` === "/";
}

export const storageValue = z.string().transform((text, context): StorageAddress => {
  const parsed = parseStorageAddress(text);
  if (typeof parsed !== "string") return parsed;
  context.addIssue({ code: "custom", message: parsed });
  return z.NEVER;
});

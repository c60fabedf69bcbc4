import { AgencyError, isAgencyError } from "@agency/contract";
import type { S3Place } from "./s3-access.ts";

type Meaning = (place: Pick<S3Place, "bucket" | "region">) => { what: string; next: string };

const noBucket: Meaning = ({ bucket }) => ({
  what: `there is no bucket "${bucket}"`,
  next: "Make the bucket, or correct AGENCY_STORAGE.",
});
const noAccess: Meaning = ({ bucket }) => ({
  what: `access to the bucket "${bucket}" was refused`,
  next:
    "Allow the key to get, put, delete and list its objects (s3:GetObject, s3:PutObject, s3:DeleteObject, " +
    "s3:ListBucket, s3:AbortMultipartUpload, s3:ListBucketMultipartUploads).",
});
const wrongKey: Meaning = () => ({
  what: "the key was not accepted",
  next: "Correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
});
const oldToken: Meaning = () => ({
  what: "the session token was not accepted",
  next: "Set a fresh AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.",
});
const wrongClock: Meaning = () => ({
  what: "the clock of this machine differs from the server's by more than it allows",
  next: "Set the clock of this machine, for example with NTP.",
});
const wrongRegion: Meaning = ({ region, bucket }) => ({
  what: `the bucket "${bucket}" is not in the region ${region}`,
  next: "Name its region: region=… in AGENCY_STORAGE, or AWS_REGION.",
});
const noCredentials: Meaning = () => ({
  what: "there are no credentials",
  next: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a role.",
});
const unreachable: Meaning = () => ({
  what: "no connection to the server could be made or kept",
  next: "Look at the endpoint in AGENCY_STORAGE, the network, and the server; then try again.",
});
const failing: Meaning = () => ({
  what: "the server could not do it, four times",
  next: "Try again later.",
});
const other: Meaning = () => ({
  what: "the server refused it",
  next: "Look at the bucket and the server, then try again.",
});

const MEANINGS: Record<string, Meaning> = {
  NoSuchBucket: noBucket,
  AccessDenied: noAccess,
  AllAccessDisabled: noAccess,
  InvalidAccessKeyId: wrongKey,
  SignatureDoesNotMatch: wrongKey,
  ExpiredToken: oldToken,
  InvalidToken: oldToken,
  TokenRefreshRequired: oldToken,
  RequestTimeTooSkewed: wrongClock,
  PermanentRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  CredentialsProviderError: noCredentials,
};

/** Nothing is wrong with what we were told: the server is out of reach, or cannot do its work just now. */
export class BucketAwayError extends AgencyError {}

/**
 * What a failed request means to a person. Neither it nor its cause holds anything of the request: an error
 * of the SDK carries headers, and those a signature and a session token.
 */
export function s3Error(error: unknown, what: string, place: S3Place): AgencyError {
  if (isAgencyError(error)) return error;
  const { name, status, requestId, fromSdk } = factsOf(error);
  const meaning = MEANINGS[name] ?? meaningOf(status);
  const { what: why, next } = meaning(place);
  const said = status === null ? name : `${name}, ${status}`;
  const Meant = meaning === unreachable || meaning === failing ? BucketAwayError : AgencyError;
  return new Meant("unavailable", `${what} in ${where(place)}: ${why} (${said}).`, {
    next,
    cause: fromSdk ? new Error(`${said}${requestId === null ? "" : `, request ${requestId}`}`) : error,
  });
}

function meaningOf(status: number | null): Meaning {
  if (status === null) return unreachable;
  if (status >= 500) return failing;
  if (status === 403) return noAccess;
  return status === 301 ? wrongRegion : other;
}

const where = ({ bucket, prefix, endpoint }: S3Place): string =>
  `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}${endpoint === null ? "" : ` at ${endpoint}`}`;

interface Facts {
  name: string;
  status: number | null;
  requestId: string | null;
  fromSdk: boolean;
}

export function factsOf(error: unknown): Facts {
  if (!(error instanceof Error))
    return { name: "unknown error", status: null, requestId: null, fromSdk: false };
  const fromSdk = "$metadata" in error;
  const metadata = fromSdk ? error.$metadata : null;
  const code = "code" in error && typeof error.code === "string" ? error.code : null;
  const status = numberIn(metadata, "httpStatusCode");
  return { name: code ?? error.name, status, requestId: textIn(metadata, "requestId"), fromSdk };
}

function numberIn(from: unknown, key: string): number | null {
  const value = valueIn(from, key);
  return typeof value === "number" ? value : null;
}

function textIn(from: unknown, key: string): string | null {
  const value = valueIn(from, key);
  return typeof value === "string" ? value : null;
}

const valueIn = (from: unknown, key: string): unknown =>
  typeof from === "object" && from !== null ? Reflect.get(from, key) : undefined;

import type * as Sdk from "@aws-sdk/client-s3";
import type { AgencyError, S3Address } from "@agency/contract";
import { s3Error } from "./s3-error.ts";

export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

export interface S3Place extends Pick<S3Address, "bucket" | "prefix" | "endpoint" | "pathStyle"> {
  region: string;
  /** Null: whatever the SDK finds, such as the role of the machine. */
  credentials: S3Credentials | null;
}

/** The SDK, loaded, and what every request to our part of the bucket needs. */
export interface S3Access {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.S3Client;
  readonly bucket: string;
  /** What every key of ours begins with. */
  readonly root: string;
  at(key: string): { Bucket: string; Key: string };
  /** What a failure with `key` means to a person. */
  error(error: unknown, key: string): AgencyError;
  /** Carries out `act`; what it throws becomes such an error. */
  on<T>(key: string, act: () => Promise<T>): Promise<T>;
}

const TRIES = 4;
const CONNECT_MS = 5000;
/** Without a byte for so long, a connection is dead. */
const SILENCE_MS = 60_000;

export async function openS3Access(place: S3Place): Promise<S3Access> {
  // 22 MB and 140 ms that an installation on its own disk never pays.
  const sdk = await import("@aws-sdk/client-s3");
  const { bucket, prefix, endpoint, credentials } = place;
  const client = new sdk.S3Client({
    region: place.region,
    forcePathStyle: place.pathStyle,
    maxAttempts: TRIES,
    retryMode: "standard",
    // The newer checksums are refused or stored as data by GCS, Swift and older MinIO.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
    ...(endpoint === null ? {} : { endpoint }),
    ...(credentials === null ? {} : { credentials: toIdentity(credentials) }),
  });
  const root = prefix === "" ? "" : `${prefix}/`;
  const meaning = (error: unknown, key: string) => s3Error(error, `"${key}"`, place);
  return {
    sdk,
    client,
    bucket,
    root,
    at: (key) => ({ Bucket: bucket, Key: `${root}${key}` }),
    error: meaning,
    async on(key, act) {
      try {
        return await act();
      } catch (error) {
        throw meaning(error, key);
      }
    },
  };
}

function toIdentity({ sessionToken, ...key }: S3Credentials) {
  return sessionToken === undefined ? key : { ...key, sessionToken };
}

import { setting } from "./setting.ts";
import { storageValue } from "./storage-address.ts";
import { keptBytesValue, keyValue, regionValue, retentionValue, roomValue, spanValue } from "./values.ts";

/** Where what is kept lies, how much of it, and for how long. */
export const STORAGE_SETTINGS = {
  storage: setting({
    env: "AGENCY_STORAGE",
    scope: "server",
    default: "local",
    describe:
      "Where artifacts, checkpoints and other blobs live: local (the data folder), or a bucket. AWS: " +
      "s3://bucket/prefix?region=eu-central-1. MinIO: s3://bucket?endpoint=http://minio:9000. " +
      "Cloudflare R2: s3://bucket?endpoint=https://<account>.r2.cloudflarestorage.com&region=auto. Google Cloud " +
      "Storage (with an HMAC key): s3://bucket?endpoint=https://storage.googleapis.com&region=auto.",
    schema: storageValue,
    secret: "url",
  }),
  awsAccessKeyId: setting({
    env: "AWS_ACCESS_KEY_ID",
    scope: "server",
    default: null,
    describe:
      "Key id for that bucket; not set: the credentials the AWS SDK finds, such as the machine's role.",
    schema: keyValue,
    secret: "key",
  }),
  awsSecretAccessKey: setting({
    env: "AWS_SECRET_ACCESS_KEY",
    scope: "server",
    default: null,
    describe: "The secret of that key.",
    schema: keyValue,
    secret: "key",
  }),
  awsSessionToken: setting({
    env: "AWS_SESSION_TOKEN",
    scope: "server",
    default: null,
    describe: "Token that belongs to a temporary key.",
    schema: keyValue,
    secret: "key",
  }),
  awsRegion: setting({
    env: "AWS_REGION",
    scope: "server",
    default: null,
    describe: "Region of the bucket, when AGENCY_STORAGE names none.",
    schema: regionValue,
  }),
  accountBytes: setting({
    env: "AGENCY_ACCOUNT_BYTES",
    scope: "server",
    default: "100g",
    describe: "Most that the files and checkpoints of one account may take of the storage; 0: no limit.",
    schema: roomValue,
  }),
  freeBytes: setting({
    env: "AGENCY_FREE_BYTES",
    scope: "server",
    default: "1g",
    describe: "Room on the disk that the local storage leaves free; 0: it takes all there is.",
    schema: roomValue,
  }),
  mirrorBytes: setting({
    env: "AGENCY_MIRROR_BYTES",
    scope: "server",
    default: "10g",
    describe:
      "Room for mirrors of repositories, which make the second checkout of one fast; 0: none are kept.",
    schema: keptBytesValue,
  }),
  cacheBytes: setting({
    env: "AGENCY_CACHE_BYTES",
    scope: "server",
    default: "20g",
    describe:
      "Room for what package managers downloaded, kept for the next task of a repository; 0: none is kept.",
    schema: keptBytesValue,
  }),
  keepEvents: setting({
    env: "AGENCY_KEEP_EVENTS",
    scope: "server",
    default: "365d",
    describe: "How long the events of a task are kept after its end, such as 90d or forever.",
    schema: retentionValue,
  }),
  keepArtifacts: setting({
    env: "AGENCY_KEEP_ARTIFACTS",
    scope: "server",
    default: "90d",
    describe: "How long the artifacts of a task are kept after its end.",
    schema: retentionValue,
  }),
  keepCheckpoints: setting({
    env: "AGENCY_KEEP_CHECKPOINTS",
    scope: "server",
    default: "30d",
    describe:
      "How long the checkpoints of a task are kept after its end; the newest, and those with a label, stay.",
    schema: retentionValue,
  }),
  archiveAfter: setting({
    env: "AGENCY_ARCHIVE_AFTER",
    scope: "server",
    default: "7d",
    describe: "How long after its end the events of a task move from the database to the storage.",
    schema: spanValue,
  }),
};

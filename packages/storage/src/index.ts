export { openLocalStorage } from "./local/local-storage.ts";
export { BucketAwayError } from "./s3/s3-error.ts";
export { openS3Storage } from "./s3/s3-storage.ts";
export type { S3Credentials } from "./s3/s3-access.ts";

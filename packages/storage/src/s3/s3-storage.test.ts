import { startS3Server, storageSuite } from "@agency/testing";
import type { S3Server } from "@agency/testing";
import type { S3Place } from "./s3-access.ts";
import { openS3Storage } from "./s3-storage.ts";

function placeOf({ endpoint, account }: S3Server, more: Partial<S3Place> = {}): S3Place {
  const { region, ...credentials } = account;
  return { bucket: "agency", prefix: "some/prefix", endpoint, region, pathStyle: true, credentials, ...more };
}

storageSuite("S3 storage", async () => {
  const server = await startS3Server();
  return { storage: await openS3Storage(placeOf(server)), close: () => server.close() };
});

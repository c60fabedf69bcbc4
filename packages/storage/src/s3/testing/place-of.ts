import type { S3Server } from "@agency/testing";
import type { S3Place } from "../s3-access.ts";

export function placeOf({ endpoint, account }: S3Server, more: Partial<S3Place> = {}): S3Place {
  const { region, ...credentials } = account;
  return { bucket: "agency", prefix: "some/prefix", endpoint, region, pathStyle: true, credentials, ...more };
}

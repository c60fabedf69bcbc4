import { describe, expect, it } from "vitest";
import { describeSettings } from "./describe.ts";
import { resolveSettings } from "./resolve.ts";
import { parseStorageAddress } from "./storage-address.ts";

describe("parseStorageAddress", () => {
  it("takes the data folder", () => {
    expect(parseStorageAddress("local")).toEqual({ kind: "local" });
  });

  it.each([
    ["s3://my-bucket", { bucket: "my-bucket", prefix: "", endpoint: null, region: null, pathStyle: false }],
    [
      "s3://my.bucket/agency/prod/?region=eu-central-1",
      {
        bucket: "my.bucket",
        prefix: "agency/prod",
        endpoint: null,
        region: "eu-central-1",
        pathStyle: false,
      },
    ],
    [
      "s3://blobs?endpoint=https://minio.lan:9000/",
      { bucket: "blobs", prefix: "", endpoint: "https://minio.lan:9000", region: null, pathStyle: true },
    ],
    [
      "s3://blobs/a?endpoint=https%3A%2F%2Fstorage.googleapis.com&region=auto&pathStyle=false",
      {
        bucket: "blobs",
        prefix: "a",
        endpoint: "https://storage.googleapis.com",
        region: "auto",
        pathStyle: false,
      },
    ],
  ])("takes %s", (text, address) => {
    expect(parseStorageAddress(text)).toEqual({ kind: "s3", text, ...address });
  });

  it.each([
    ["", "look like"],
    ["/var/blobs", "look like"],
    ["https://my-bucket", "look like"],
    ["s3:my-bucket", "look like"],
    ["s3://AKIA:secret@my-bucket", "must not contain a key"],
    ["s3://ab", "name a bucket"],
    ["s3://my_bucket", "name a bucket"],
    ["s3://my-bucket:9000", "name a bucket"],
    ["s3://my-bucket/a//b", "prefix"],
    ["s3://my-bucket/a%2f..%2fb", "prefix"],
    ["s3://my-bucket/ü", "prefix"],
    ["s3://my-bucket?endpiont=https://x", "no options but"],
    ["s3://my-bucket?region=a&region=b", "each once"],
    ["s3://my-bucket?endpoint=minio:9000", "endpoint"],
    ["s3://my-bucket?endpoint=https://u:p@minio", "endpoint"],
    ["s3://my-bucket?endpoint=https://minio/path", "endpoint"],
    ["s3://my-bucket?region=EU%20West", "region"],
    ["s3://my-bucket?pathStyle=yes", "pathStyle"],
  ])("refuses %s", (text, why) => {
    expect(parseStorageAddress(text)).toContain(why);
  });
});

describe("AGENCY_STORAGE", () => {
  const resolve = (AGENCY_STORAGE: string) =>
    resolveSettings({
      env: { AGENCY_STORAGE },
      cwd: "/nowhere",
      uid: 1000,
      userHome: "/nowhere",
      installRoot: "/nowhere",
      readText: () => null,
      parseEnv: () => ({}),
    });
  const shown = (text: string) =>
    describeSettings(resolve(text), "server").find(({ name }) => name === "AGENCY_STORAGE")?.value;

  it("is shown as it was set", () => {
    const text = "s3://blobs/a?endpoint=https://minio.lan:9000";
    expect([shown(""), shown("local"), shown(text)]).toEqual(["local", "local", text]);
  });

  it("does not repeat a key somebody wrote into it", () => {
    const { problems } = resolve("s3://AKIA:secret@my-bucket");
    expect(problems).toEqual([expect.stringMatching(/^AGENCY_STORAGE must not contain a key/)]);
    expect(problems.join()).not.toContain("secret@");
  });
});

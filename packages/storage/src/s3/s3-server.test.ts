import { Agent } from "node:http";
import { Readable } from "node:stream";
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { startS3Server } from "@agency/testing";
import type { S3Server } from "@agency/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** What our storage does not ask of the SDK, so that the server our tests believe is itself tried by it. */
describe("the S3 server of the tests and the SDK", () => {
  let server: S3Server;
  beforeEach(async () => {
    server = await startS3Server();
  });
  afterEach(() => server.close());

  const client = (more: S3ClientConfig = {}) => {
    const { region, ...credentials } = server.account;
    return new S3Client({
      endpoint: server.endpoint,
      region,
      credentials,
      forcePathStyle: true,
      maxAttempts: 1,
      ...more,
    });
  };
  const stored = (key: string) =>
    Buffer.concat(server.bucket("agency").objects.get(key)?.chunks ?? []).toString();
  const at = (key: string) => ({ Bucket: "agency", Key: key });

  it("agree on names that need escaping", async () => {
    for (const key of ["a b", "a+b", "a%2Fb", "ü/(1)*'!~", "a//b", "x&y=z?#"]) {
      await client().send(new PutObjectCommand({ ...at(key), Body: key }));
      expect(stored(key)).toBe(key);
      const url = await getSignedUrl(client(), new GetObjectCommand(at(key)));
      expect(await (await fetch(url)).text()).toBe(key);
    }
  });

  it("agree on a stream in chunks with a checksum behind it", async () => {
    const body = Readable.from([Buffer.from("some "), Buffer.from("chunks")]);
    await client({ requestStreamBufferSize: 65_536 }).send(
      new PutObjectCommand({ ...at("a"), Body: body, ContentLength: 11, ChecksumAlgorithm: "CRC32" }),
    );
    expect(stored("a")).toBe("some chunks");
  });

  it("agree on a bucket in the name of the host", async () => {
    const { port } = new URL(server.endpoint);
    const lookup: NonNullable<ConstructorParameters<typeof Agent>[0]>["lookup"] = (_, { all }, done) =>
      all === true ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
    const httpAgent = new Agent({ lookup });
    const virtual = client({
      endpoint: `http://localhost:${port}`,
      forcePathStyle: false,
      requestHandler: { httpAgent },
    });
    await virtual.send(new PutObjectCommand({ ...at("a/b"), Body: "x" }));
    expect(stored("a/b")).toBe("x");
    await virtual.send(new HeadBucketCommand({ Bucket: "agency" }));
    httpAgent.destroy();
  });

  it("agree that If-None-Match keeps what is there", async () => {
    const once = new PutObjectCommand({ ...at("a"), Body: "first", IfNoneMatch: "*" });
    await client().send(once);
    await expect(client().send(once)).rejects.toMatchObject({ name: "PreconditionFailed" });
    expect(stored("a")).toBe("first");
  });

  it("agree on a session token, and that none will not do", async () => {
    await server.close();
    server = await startS3Server({ sessionToken: "a-token" });
    await client().send(new PutObjectCommand({ ...at("a"), Body: "x" }));
    const { region, sessionToken: _, ...credentials } = server.account;
    await expect(client({ region, credentials }).send(new GetObjectCommand(at("a")))).rejects.toMatchObject({
      name: "InvalidToken",
    });
  });

  it("agree that a wrong secret, a wrong body and an unknown call are refused", async () => {
    const { accessKeyId } = server.account;
    const stranger = client({ credentials: { accessKeyId, secretAccessKey: "another" } });
    await expect(stranger.send(new PutObjectCommand({ ...at("a"), Body: "x" }))).rejects.toMatchObject({
      name: "SignatureDoesNotMatch",
    });
    const wrong = new PutObjectCommand({ ...at("a"), Body: "x", ContentMD5: "AAAAAAAAAAAAAAAAAAAAAA==" });
    await expect(client().send(wrong)).rejects.toMatchObject({ name: "BadDigest" });
    await expect(
      client().send(new CopyObjectCommand({ ...at("b"), CopySource: "agency/a" })),
    ).rejects.toMatchObject({ name: "NotImplemented" });
    expect(server.bucket("agency").objects.size).toBe(0);
  });

  it("sees a request wait for as long as the test wishes", async () => {
    const gate = Promise.withResolvers<void>();
    server.faults.next("PutObject", { kind: "slow", until: gate.promise });
    let done = false;
    const put = client()
      .send(new PutObjectCommand({ ...at("a"), Body: "x" }))
      .then(() => {
        done = true;
      });
    await client().send(new PutObjectCommand({ ...at("b"), Body: "x" }));
    expect([done, stored("b")]).toEqual([false, "x"]);
    gate.resolve();
    await put;
    expect(stored("a")).toBe("x");
  });
});

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startS3Server } from "./s3-server.ts";
import type { S3Server } from "./s3-server.ts";

describe("startS3Server", () => {
  let server: S3Server;
  beforeEach(async () => {
    server = await startS3Server();
  });
  afterEach(() => server.close());

  it.each([
    ["GET", "/agency/a", 403, "AccessDenied"],
    ["PUT", "/agency/a", 403, "AccessDenied"],
    ["GET", "/agency?list-type=2", 403, "AccessDenied"],
    ["GET", "/agency/a?acl", 501, "NotImplemented"],
    ["PATCH", "/agency/a", 501, "NotImplemented"],
    ["GET", "/agency/%ff", 400, "InvalidURI"],
  ])("answers an anonymous %s %s with %i %s and does nothing", async (method, path, status, code) => {
    const answer = await fetch(`${server.endpoint}${path}`, {
      method,
      ...(method === "PUT" ? { body: "x" } : {}),
    });
    expect([answer.status, await answer.text()]).toEqual([
      status,
      expect.stringContaining(`<Code>${code}</Code>`),
    ]);
    expect([server.seen, server.bucket("agency").objects.size]).toEqual([[], 0]);
  });
});

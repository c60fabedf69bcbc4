import { describe, expect, it } from "vitest";
import { knownQuery } from "../known-query.ts";
import { findEndpoint } from "./endpoints.ts";

describe("findEndpoint", () => {
  it.each([
    ["POST", "/v1/messages", "billed"],
    ["POST", "/v1/messages/count_tokens", "free"],
    ["GET", "/v1/models", "free"],
    ["GET", "/v1/models/claude-sonnet-4-5@20250929", "free"],
    ["HEAD", "/", "hello"],
    ["GET", "/api/hello", "hello"],
  ])("opens %s %s", (method, path, kind) => {
    expect(findEndpoint(method, path)).toMatchObject({ kind });
  });

  it.each([
    ["GET", "/v1/messages"],
    ["PUT", "/v1/messages"],
    ["post", "/v1/messages"],
    ["POST", "/v1/messages/"],
    ["POST", "//v1/messages"],
    ["POST", "/v1/./messages"],
    ["POST", "/v1/%6dessages"],
    ["POST", "/v1/messages%2fbatches"],
    ["POST", "/v1/messages?x"],
    ["POST", "/v1/messages\0"],
    ["POST", "/V1/Messages"],
    ["POST", "/v1/messages/batches"],
    ["GET", "/v1/messages/batches/b/results"],
    ["POST", "/v1/files"],
    ["GET", "/v1/files/f/content"],
    ["POST", "/v1/complete"],
    ["POST", "/v1/models"],
    ["GET", "/v1/models/"],
    ["GET", "/v1/models/.."],
    ["GET", "/v1/models/../files"],
    ["GET", "/v1/models/a/b"],
    ["GET", "/v1/models/a%2f..%2ffiles"],
    ["GET", `/v1/models/${"a".repeat(200)}`],
    ["DELETE", "/v1/models/a"],
    ["GET", "/v1/organizations/api_keys"],
    ["GET", "/"],
    ["CONNECT", "/"],
    ["GET", "/api/oauth/profile"],
  ])("keeps %s %s closed", (method, path) => {
    expect(findEndpoint(method, path)).toBeNull();
  });
});

describe("knownQuery", () => {
  it("passes on the parameters an endpoint knows and no others", () => {
    expect(knownQuery("http://x/v1/messages?beta=true&api_key=stolen&x", ["beta"])).toBe("?beta=true");
    expect(knownQuery("http://x/v1/messages?key=stolen", ["beta"])).toBe("");
  });
});

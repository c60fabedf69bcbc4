import { describe, expect, it } from "vitest";
import { anthropicApi } from "./anthropic/api.ts";
import { engineHeaders, upstreamHeaders } from "./forwarded-headers.ts";

const rules = anthropicApi.headers;

describe("upstreamHeaders", () => {
  it("passes what the API reads and nothing else", () => {
    const asked = new Headers({
      accept: "application/json",
      "user-agent": "claude-cli/2",
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "a,b",
      "x-stainless-lang": "js",
      "x-app": "cli",
      "x-api-key": "placeholder",
      authorization: "Bearer placeholder",
      cookie: "session=1",
      "proxy-authorization": "Basic x",
      "x-goog-api-key": "foreign",
      "api-key": "foreign",
      "x-forwarded-for": "10.0.0.1",
      "accept-encoding": "gzip, br",
      "content-type": "text/plain",
      "anthropic-organization": "theirs",
    });
    expect(Object.fromEntries(upstreamHeaders(rules, asked, { "x-api-key": "real" }, true))).toEqual({
      accept: "application/json",
      "user-agent": "claude-cli/2",
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "a,b",
      "x-stainless-lang": "js",
      "x-app": "cli",
      "x-api-key": "real",
      "accept-encoding": "identity",
      "content-type": "application/json",
    });
  });

  it("adds the betas a credential needs to those the engine asked for", () => {
    const headers = upstreamHeaders(
      rules,
      new Headers({ "anthropic-beta": "a, oauth" }),
      { "anthropic-beta": "oauth,b" },
      false,
    );
    expect(headers.get("anthropic-beta")).toBe("a,oauth,b");
    expect(headers.get("content-type")).toBeNull();
  });
});

describe("engineHeaders", () => {
  it("leaves out cookies, lengths, encodings and what names the account", () => {
    const given = new Headers({
      "content-type": "text/event-stream",
      "request-id": "req_1",
      "retry-after": "3",
      "anthropic-ratelimit-unified-status": "allowed",
      "set-cookie": "a=b",
      "content-length": "10",
      "content-encoding": "gzip",
      "transfer-encoding": "chunked",
      "anthropic-organization-id": "org",
      server: "x",
    });
    expect(Object.fromEntries(engineHeaders(rules, given))).toEqual({
      "content-type": "text/event-stream",
      "request-id": "req_1",
      "retry-after": "3",
      "anthropic-ratelimit-unified-status": "allowed",
    });
  });
});

import { describe, expect, it } from "vitest";
import { anthropicCredential } from "./credential.ts";

describe("anthropicCredential", () => {
  it("presents an API key as one", () => {
    expect(anthropicCredential("sk-ant-api03-abc")).toEqual({
      kind: "api_key",
      headers: { "x-api-key": "sk-ant-api03-abc" },
    });
  });

  it("knows a subscription token by its beginning and sends what it needs", () => {
    expect(anthropicCredential("sk-ant-oat01-abc")).toEqual({
      kind: "oauth",
      headers: { authorization: "Bearer sk-ant-oat01-abc", "anthropic-beta": "oauth-2025-04-20" },
    });
  });

  it("mends a token that was pasted with line breaks", () => {
    expect(anthropicCredential(" sk-ant-oat01-\r\nabc\n").headers["authorization"]).toBe(
      "Bearer sk-ant-oat01-abc",
    );
  });
});

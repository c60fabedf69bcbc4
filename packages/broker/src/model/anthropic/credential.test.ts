import { describe, expect, it } from "vitest";
import { credentialHeaders } from "./credential.ts";

const headers = (kind: "api_key" | "oauth", value: string) => credentialHeaders({ name: "KEY", kind, value });

describe("credentialHeaders", () => {
  it("presents an API key as one", () => {
    expect(headers("api_key", "sk-ant-api03-x")).toEqual({ "x-api-key": "sk-ant-api03-x" });
  });

  it("presents a subscription token as one, with the beta it needs", () => {
    const oauth = { authorization: "Bearer sk-ant-oat01-x", "anthropic-beta": "oauth-2025-04-20" };
    expect(headers("oauth", "sk-ant-oat01-x")).toEqual(oauth);
  });

  it("goes by the kind that was said, whatever the value looks like", () => {
    expect(headers("api_key", "sk-ant-oat01-x")).toEqual({ "x-api-key": "sk-ant-oat01-x" });
  });

  it("joins a token that was pasted over several lines", () => {
    expect(headers("oauth", " sk-ant-oat01-\n  x\r\n")).toMatchObject({
      authorization: "Bearer sk-ant-oat01-x",
    });
  });
});

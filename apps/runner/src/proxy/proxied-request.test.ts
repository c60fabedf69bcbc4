import { describe, expect, it } from "vitest";
import { proxiedHeaders, proxiedRequest } from "./proxied-request.ts";

describe("a request to a proxy", () => {
  it.each([
    ["http://a.example/x?y=1", { target: "a.example:80", host: "a.example", path: "/x?y=1" }],
    ["HTTP://a.example", { target: "a.example:80", host: "a.example", path: "/" }],
    ["http://a.example?q", { target: "a.example:80", host: "a.example", path: "/?q" }],
    ["http://a.example:80/", { target: "a.example:80", host: "a.example", path: "/" }],
    ["http://a.example:8080/a/../b", { target: "a.example:8080", host: "a.example:8080", path: "/a/../b" }],
    ["http://[2001:db8::1]/", { target: "[2001:db8::1]:80", host: "[2001:db8::1]", path: "/" }],
    ["http://[2001:db8::1]:81/", { target: "[2001:db8::1]:81", host: "[2001:db8::1]:81", path: "/" }],
  ])("is %s", (url, meaning) => expect(proxiedRequest(url)).toEqual(meaning));

  it.each([
    undefined,
    "",
    "/",
    "*",
    "a.example:80",
    "https://a.example/",
    "ftp://a.example/",
    "gopher://a.example/",
    "file:///etc/passwd",
    "data:,x",
    "http:///x",
    "http://user@a.example/",
    "http://a.example\\@b.example/",
    "http://a.example/#fragment",
  ])("is not %s", (url) => expect(proxiedRequest(url)).toBeNull());
});

describe("its headers", () => {
  const raw = ["Host", "other.example", "Proxy-Authorization", "Basic x", "Proxy-Connection", "keep-alive"];

  it("name the server of the URL, whatever the agent wrote, and keep what is the agent's own", () => {
    expect(
      proxiedHeaders([...raw, "X-A", "1", "X-A", "2", "Authorization", "Bearer mine"], "a.example", false),
    ).toEqual(["host", "a.example", "X-A", "1", "X-A", "2", "Authorization", "Bearer mine"]);
  });

  it("are those of the message, not of the connection", () => {
    const hop = ["Connection", "close, X-Hop", "X-Hop", "1", "Upgrade", "h2c", "TE", "trailers"];
    expect(proxiedHeaders(hop, "a.example", false)).toEqual(["host", "a.example"]);
  });

  it("say how a body of unknown length is framed", () => {
    expect(proxiedHeaders(["Transfer-Encoding", "chunked"], "a.example", true)).toEqual([
      "host",
      "a.example",
      "transfer-encoding",
      "chunked",
    ]);
  });
});

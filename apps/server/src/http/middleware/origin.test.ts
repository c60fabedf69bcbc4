import { describe, expect, it } from "vitest";
import { ANNA, codeOf, createTestApi } from "../testing/test-api.ts";

const { ask } = createTestApi();

describe("a request of a browser", () => {
  it.each([
    ["a page of another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
    [
      "another port of the same machine",
      { "sec-fetch-site": "same-site", origin: "http://agency.test:3000" },
    ],
    ["a page without an origin", { origin: "null" }],
    ["another origin, by an old browser", { origin: "http://evil.example" }],
    ["an origin of another kind", { origin: "file://agency.test" }],
    [
      "a cross-site read that sends no origin",
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
    ],
    ["a frame", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }],
    [
      "a link to the API",
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
    ],
    ["a word that is none", { "sec-fetch-site": "trust-me" }],
  ])("is refused from %s, reads and streams included", async (_from, headers) => {
    for (const accept of ["application/json", "text/event-stream"]) {
      const answer = await ask("GET", "/v1/tasks", { headers: { ...ANNA, ...headers, accept } });
      expect([answer.status, codeOf(answer)]).toEqual([403, "forbidden"]);
    }
  });

  it("is refused when a form sends it to the API", async () => {
    const headers = { "content-type": "text/plain", origin: "http://evil.example" };
    expect((await ask("POST", "/v1/tasks", { headers, body: { prompt: "x" } })).status).toBe(403);
  });

  it.each([
    ["our own page", { "sec-fetch-site": "same-origin", origin: "http://agency.test" }],
    ["our own page behind a proxy with TLS", { origin: "https://agency.test" }],
    ["the address bar", { "sec-fetch-site": "none" }],
    ["no browser at all", {}],
  ])("is served from %s", async (_from, headers) => {
    expect((await ask("GET", "/v1/tasks", { headers: { ...ANNA, ...headers } })).status).toBe(200);
  });

  it("is served when a person follows a link to a page", async () => {
    const headers = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    expect((await ask("GET", "/docs", { headers })).status).toBe(200);
    expect((await ask("GET", "/", { headers })).status).toBe(200);
  });

  it("never learns that another origin would be welcome", async () => {
    const headers = { origin: "http://evil.example", "access-control-request-method": "POST" };
    const answer = await ask("OPTIONS", "/v1/tasks", { headers });
    expect(answer.status).toBe(403);
    expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

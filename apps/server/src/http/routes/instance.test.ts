import { describe, expect, it } from "vitest";
import { codeOf, createTestApi } from "../testing/test-api.ts";

describe("the instance", () => {
  it.each(["/v1/engines", "/v1/providers", "/v1/status", "/healthz", "/readyz"])(
    "answers %s",
    async (path) => {
      expect((await createTestApi().ask("GET", path)).status).toBe(200);
    },
  );

  it("says which part is not ready", async () => {
    const { ask, useCases } = createTestApi();
    useCases.missing = ["database", "queue"];
    const answer = await ask("GET", "/readyz");
    expect([answer.status, codeOf(answer)]).toEqual([503, "unavailable"]);
    expect(answer.body).toMatchObject({ detail: "Not ready: database, queue." });
    expect(answer.headers.get("retry-after")).toBe("1");
    expect((await ask("GET", "/healthz")).status).toBe(200);
  });

  it("serves metrics behind a key, to everybody or not at all", async () => {
    const behindKey = createTestApi();
    expect((await behindKey.ask("GET", "/metrics")).text).toBe("up 1\n");
    expect((await behindKey.ask("GET", "/metrics", { headers: {} })).status).toBe(401);
    expect(
      (await createTestApi({ metricsPage: "public" }).ask("GET", "/metrics", { headers: {} })).status,
    ).toBe(200);
    expect((await createTestApi({ metricsPage: "off" }).ask("GET", "/metrics")).status).toBe(404);
  });
});

describe("a path or method that is not there", () => {
  it("is not found, and says where to look", async () => {
    const answer = await createTestApi().ask("GET", "/v1/nothing");
    expect([answer.status, codeOf(answer)]).toEqual([404, "not_found"]);
    expect(answer.body).toMatchObject({ next: "The paths are listed at /docs." });
  });

  it.each([
    ["PUT", "/v1/tasks", "GET, HEAD, OPTIONS, POST"],
    ["PATCH", "/healthz", "GET, HEAD, OPTIONS"],
    ["GET", "/v1/tasks/x/cancel", "OPTIONS, POST"],
    ["HEAD", "/v1/tasks/x/cancel", "OPTIONS, POST"],
    ["BREW", "/", "GET, HEAD, OPTIONS"],
  ])("%s %s is not possible, and what is stands in Allow", async (method, path, allow) => {
    const answer = await createTestApi().ask(method, path);
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe(allow);
    if (method !== "HEAD") expect(codeOf(answer)).toBe("method_not_allowed");
  });

  it("answers OPTIONS with what is possible and HEAD without a body", async () => {
    const { ask } = createTestApi();
    const options = await ask("OPTIONS", "/v1/tasks");
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS, POST"]);
    const head = await ask("HEAD", "/v1/tasks");
    expect([head.status, head.text, head.headers.get("content-type")]).toEqual([200, "", "application/json"]);
  });
});

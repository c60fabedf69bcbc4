import { describe, expect, it } from "vitest";
import { ANNA, createTestApi } from "../testing/test-api.ts";

describe("the log of requests", () => {
  it("has one line for each, with what happened and under which id", async () => {
    const { ask, lines, counted } = createTestApi();
    await ask("GET", "/v1/tasks?search=secret", { headers: { ...ANNA, "x-request-id": "request-1" } });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: "info",
      facts: { requestId: "request-1", method: "GET", path: "/v1/tasks", status: 200 },
    });
    expect(JSON.stringify(lines)).not.toContain("secret");
    expect(counted).toEqual(["GET /v1/tasks 200"]);
  });

  it("counts by template, so that ids and inventions make no new series", async () => {
    const { ask, counted, useCases } = createTestApi();
    await ask("GET", `/v1/tasks/${useCases.addTask("anna").id}`);
    await ask("GET", "/wp-login.php");
    await ask("BREW", "/v1/tasks");
    expect(counted).toEqual(["GET /v1/tasks/{id} 200", "GET unmatched 404", "other unmatched 405"]);
  });

  it("is quiet about what machines ask every second", async () => {
    const { ask, lines } = createTestApi();
    await ask("GET", "/healthz");
    expect(lines.map((line) => line.level)).toEqual(["debug"]);
  });

  it("has the cause of a failure that the client is not told", async () => {
    const { ask, lines, useCases } = createTestApi();
    useCases.failure = new Error("column x of relation y");
    const answer = await ask("GET", "/v1/tasks", { headers: { ...ANNA, "x-request-id": "request-1" } });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain("relation");
    const error = lines.find((line) => line.level === "error");
    expect(error?.facts).toMatchObject({ requestId: "request-1", err: useCases.failure });
  });
});

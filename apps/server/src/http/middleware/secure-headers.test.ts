import { describe, expect, it } from "vitest";
import { createTestApi } from "../testing/test-api.ts";
import { SECURE_HEADERS } from "./secure-headers.ts";

describe("every answer", () => {
  it.each([
    ["GET", "/v1/tasks", 200],
    ["GET", "/nowhere", 404],
    ["PUT", "/v1/tasks", 405],
    ["POST", "/v1/tasks", 415],
  ])("to %s %s carries the headers that keep browsers out", async (method, path, status) => {
    const answer = await createTestApi().ask(method, path);
    expect(answer.status).toBe(status);
    for (const [name, value] of Object.entries(SECURE_HEADERS)) expect(answer.headers.get(name)).toBe(value);
  });
});

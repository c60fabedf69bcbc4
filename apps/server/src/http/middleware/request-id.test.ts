import { describe, expect, it } from "vitest";
import { ANNA, createTestApi } from "../testing/test-api.ts";

const { ask } = createTestApi();
const idOf = async (given?: string): Promise<string | null> => {
  const headers = given === undefined ? ANNA : { ...ANNA, "x-request-id": given };
  return (await ask("GET", "/v1/tasks", { headers })).headers.get("x-request-id");
};

describe("the id of a request", () => {
  it("is the caller's when that is a sane one", async () => {
    expect(await idOf("build-42.step_7")).toBe("build-42.step_7");
  });

  it.each(["short", "has a space", "x".repeat(65), "<script>alert(1)", '"}\\n{"level":"', ".leading-dot"])(
    "is a new one instead of %j",
    async (given) => {
      expect(await idOf(given)).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it("is new for each request and stands in its problem", async () => {
    expect(await idOf()).not.toBe(await idOf());
    const answer = await ask("GET", "/nowhere");
    expect(answer.body).toMatchObject({ requestId: answer.headers.get("x-request-id") });
  });
});

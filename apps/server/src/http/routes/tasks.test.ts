import { describe, expect, it } from "vitest";
import { ANNA, codeOf, createTestApi } from "../testing/test-api.ts";

const MISSING = "01900000-0000-7000-8000-000000000000";

describe("starting a task", () => {
  it("answers with the task and where it is", async () => {
    const { ask } = createTestApi();
    const answer = await ask("POST", "/v1/tasks", { body: { prompt: "add a test", labels: { team: "a" } } });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ prompt: "add a test", engine: "claude", labels: { team: "a" } });
    const location = answer.headers.get("location") ?? "";
    expect((await ask("GET", location)).body).toMatchObject({ prompt: "add a test" });
  });

  it("answers with all it was started with, but of the env with the names alone", async () => {
    const { ask } = createTestApi();
    const asked = {
      commandPolicy: { allow: ["npm *"], deny: ["git push *"] },
      questions: false,
      commits: "keep",
      artifacts: ["dist/**"],
    };
    const env = { TZ: "UTC", API_TOKEN: "typed-without-care" };
    const { headers } = await ask("POST", "/v1/tasks", { body: { prompt: "x", ...asked, env } });
    const answer = await ask("GET", headers.get("location") ?? "");
    expect(answer.body).toMatchObject({ ...asked, envNames: ["API_TOKEN", "TZ"] });
    expect(answer.text).not.toContain("typed-without-care");
  });

  it("passes the Idempotency-Key on, as it came", async () => {
    const { ask, useCases } = createTestApi();
    await ask("POST", "/v1/tasks", {
      headers: { ...ANNA, "idempotency-key": "build-7" },
      body: { prompt: "x" },
    });
    await ask("POST", "/v1/tasks", { body: { prompt: "x" } });
    expect(useCases.idempotencyKeys).toEqual(["build-7", undefined]);
  });

  it.each([
    [{}, "prompt"],
    [{ prompt: "  " }, "prompt"],
    [{ prompt: "x".repeat(1024 * 1024 + 1) }, "prompt"],
    [{ prompt: 7 }, "prompt"],
    [{ prompt: "x\0" }, "prompt"],
    [{ prompt: "x\ud800" }, "prompt"],
    [{ prompt: "x", env: { "A B": "1" } }, "env.A B"],
    [{ prompt: "x", env: { A: "\0" } }, "env.A"],
    [{ prompt: "x", limits: { costUsd: 0 } }, "limits.costUsd"],
    [{ prompt: "x", limits: { wallMs: 1e15 } }, "limits.wallMs"],
    [{ prompt: "x", repository: { url: "ext::sh -c id" } }, "repository.url"],
    [{ prompt: "x", surprise: true }, ""],
    ["x", ""],
    [null, ""],
    [[], ""],
  ])("refuses %j and names the field", async (body, path) => {
    const answer = await createTestApi().ask("POST", "/v1/tasks", { body });
    expect([answer.status, codeOf(answer)]).toEqual([400, "invalid_request"]);
    expect(answer.body).toMatchObject({ errors: [{ path }] });
  });

  it("says in a sentence what is wrong", async () => {
    const { ask } = createTestApi();
    const empty = await ask("POST", "/v1/tasks", { body: { prompt: " " } });
    expect(empty.body).toMatchObject({ detail: "prompt is empty: say what the agent should do." });
    const two = await ask("POST", "/v1/tasks", { body: { prompt: 1, priority: 1000 } });
    expect(two.body).toMatchObject({
      detail: "prompt: Invalid input: expected string, received number (and 1 more).",
    });
  });

  it("refuses bodies that are not JSON", async () => {
    const { app } = createTestApi();
    const post = async (body: string, headers: Record<string, string>) => {
      const init = { method: "POST", body, headers: { host: "agency.test", ...ANNA, ...headers } };
      return (await app.request("http://agency.test/v1/tasks", init, {})).status;
    };
    expect(await post("{", { "content-type": "application/json" })).toBe(400);
    expect(await post("", { "content-type": "application/json" })).toBe(400);
    expect(await post('{"prompt":"x"}', { "content-type": "text/plain" })).toBe(415);
    expect(await post("prompt=x", { "content-type": "application/x-www-form-urlencoded" })).toBe(415);
    expect(await post("x".repeat(9 * 1024 * 1024), { "content-type": "application/json" })).toBe(413);
    expect(await post('{"prompt":"x"}', { "content-type": "application/json; charset=utf-8" })).toBe(201);
  });
});

describe("listing tasks", () => {
  it("gives a page of the caller's own", async () => {
    const { ask, useCases } = createTestApi();
    const mine = useCases.addTask("anna");
    useCases.addTask("bert");
    const answer = await ask("GET", "/v1/tasks?limit=10&state=queued,running&label=team%3Da");
    expect(answer.body).toMatchObject({ tasks: [{ id: mine.id }], nextCursor: null });
  });

  it.each([
    "limit=0",
    "limit=101",
    "limit=x",
    "state=odd",
    "label=x",
    "page=2",
    "limit=1&limit=2",
    "search=%00",
    "__proto__=1",
  ])("refuses ?%s", async (query) => {
    const answer = await createTestApi().ask("GET", `/v1/tasks?${query}`);
    expect([answer.status, codeOf(answer)]).toEqual([400, "invalid_request"]);
  });
});

describe("one task", () => {
  it("is shown, stopped, told and deleted", async () => {
    const { ask, useCases } = createTestApi();
    const { id } = useCases.addTask("anna");
    expect((await ask("GET", `/v1/tasks/${id}`)).status).toBe(200);
    expect(
      (await ask("POST", `/v1/tasks/${id}/messages`, { body: { text: "use the other one" } })).status,
    ).toBe(202);
    const stopped = await ask("POST", `/v1/tasks/${id}/cancel`);
    expect([stopped.status, stopped.body]).toMatchObject([202, { cancelRequested: true }]);
    const alive = await ask("DELETE", `/v1/tasks/${id}`);
    expect([alive.status, codeOf(alive)]).toEqual([409, "conflict"]);
  });

  it("that has ended takes no messages and can be deleted", async () => {
    const { ask, useCases } = createTestApi();
    const { id } = useCases.addTask("anna", { state: "completed" });
    const told = await ask("POST", `/v1/tasks/${id}/messages`, { body: { text: "more" } });
    expect([told.status, codeOf(told)]).toEqual([409, "task_finished"]);
    const gone = await ask("DELETE", `/v1/tasks/${id}`);
    expect([gone.status, gone.text]).toEqual([204, ""]);
    expect((await ask("GET", `/v1/tasks/${id}`)).status).toBe(404);
  });

  it("that does not exist is not found, nor is one whose id is none", async () => {
    const { ask } = createTestApi();
    for (const id of [MISSING, "abc", "..%2f..%2fetc%2fpasswd", "%00", "1".repeat(4096), "%e0%a4%a"]) {
      for (const [method, path] of [
        ["GET", ""],
        ["DELETE", ""],
        ["POST", "/cancel"],
        ["GET", "/events"],
      ] as const) {
        const answer = await ask(method, `/v1/tasks/${id}${path}`);
        expect([answer.status, codeOf(answer)], `${method} ${id}${path}`).toEqual([404, "not_found"]);
      }
    }
  });

  it("refuses a parameter it does not know", async () => {
    const { ask, useCases } = createTestApi();
    const { id } = useCases.addTask("anna");
    expect((await ask("GET", `/v1/tasks/${id}?verbose=1`)).status).toBe(400);
    expect((await ask("DELETE", `/v1/tasks/${id}?force=1`)).status).toBe(400);
  });
});

import { describe, expect, it } from "vitest";
import { codeOf, createTestApi } from "../testing/test-api.ts";

const PATH = "/v1/network";

describe("the network settings", () => {
  it("are shown, and changed part by part", async () => {
    const { ask } = createTestApi();
    expect((await ask("GET", PATH)).body).toEqual({
      lists: [{ name: "ours", hosts: ["a.example"] }],
      never: [],
      default: null,
    });
    const put = await ask("PUT", `${PATH}/lists/docs`, {
      body: { hosts: ["Docs.Example.", "*.docs.example:8443"] },
    });
    expect(put.status).toBe(200);
    expect(put.body).toMatchObject({
      lists: [{ name: "docs", hosts: ["docs.example", "*.docs.example:8443"] }, {}],
    });
    const patch = await ask("PATCH", PATH, {
      body: { close: ["bad.example"], default: { allow: ["docs", "dev"] } },
    });
    expect(patch.body).toMatchObject({ never: ["bad.example"], default: { allow: ["docs", "dev"] } });
    const opened = await ask("PATCH", PATH, { body: { open: ["bad.example"], default: null } });
    expect(opened.body).toMatchObject({ never: [], default: null });
    expect((await ask("DELETE", `${PATH}/lists/docs`)).status).toBe(204);
    expect(codeOf(await ask("DELETE", `${PATH}/lists/docs`))).toBe("not_found");
  });

  it.each([
    "dev",
    "none",
    "internet",
    "allow",
    "Ours",
    "a.b",
    "1st",
    "-x",
    "x".repeat(32),

    "a%00b",
  ])("have no list called %s", async (name) => {
    const answer = await createTestApi().ask("PUT", `${PATH}/lists/${name}`, {
      body: { hosts: ["a.example"] },
    });
    expect([answer.status, codeOf(answer)]).toEqual([400, "invalid_request"]);
  });

  it.each(["gitlab", "localhost", "*.example"])(
    "refuse %j as a host on a list, and not closed",
    async (host) => {
      const { ask } = createTestApi();
      const list = await ask("PUT", `${PATH}/lists/mine`, { body: { hosts: [host] } });
      const closed = await ask("PATCH", PATH, { body: { close: [host] } });
      expect([list.status, closed.status]).toEqual([400, 200]);
    },
  );

  it.each([
    "ours",
    "http://a.example",
    "a.example/x",
    "user@a.example",
    "a.example:0",
    "a.example:65536",
    "a..example",
    "-a.example",
    "*.*.example",
    "*",
    "a.example\nb.example",
    "a b.example",
    "%61.example",
    "1.2.3.999",
    "*.1.2.3.4",
    "[:::]",
    `${"a".repeat(64)}.example`,
    "a.".repeat(200),
  ])("refuse %j as a host, on a list and closed", async (host) => {
    const { ask } = createTestApi();
    const list = await ask("PUT", `${PATH}/lists/mine`, { body: { hosts: [host] } });
    const closed = await ask("PATCH", PATH, { body: { close: [host] } });
    expect([list.status, closed.status]).toEqual([400, 400]);
  });

  it("refuse more than they hold, nothing at all, and what they do not know", async () => {
    const { ask } = createTestApi();
    const many = Array.from({ length: 201 }, (_, at) => `h${at}.example`);
    for (const body of [{ hosts: many }, { hosts: [] }, {}, { hosts: ["a.example"], more: 1 }])
      expect((await ask("PUT", `${PATH}/lists/mine`, { body })).status).toBe(400);
    for (const body of [
      {},
      { close: many },
      { never: ["a.example"] },
      { default: "everything" },
      { close: [1] },
    ])
      expect((await ask("PATCH", PATH, { body })).status).toBe(400);
    const unknown = await ask("PATCH", PATH, { body: { default: { allow: ["nobodys"] } } });
    expect(unknown.body).toMatchObject({
      code: "invalid_request",
      detail: 'There is no network list "nobodys".',
    });
  });
});

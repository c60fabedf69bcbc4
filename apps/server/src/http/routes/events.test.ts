import type { EventBody } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { codeOf, createTestApi } from "../testing/test-api.ts";

const line: EventBody = { type: "log", data: { stream: "stdout", text: "x" } };

function withEvents(count: number) {
  const api = createTestApi();
  const { id } = api.useCases.addTask("anna");
  api.useCases.log.write(id, ...Array.from({ length: count - 1 }, () => line));
  const page = async (query: string) => (await api.ask("GET", `/v1/tasks/${id}/events${query}`)).body;
  return { ...api, id, page };
}

describe("a page of events", () => {
  it("leads to the next one, until there is none", async () => {
    const { page } = withEvents(5);
    expect(await page("?limit=2")).toMatchObject({
      events: [{ seq: 1 }, { seq: 2 }],
      lastSeq: 5,
      nextAfter: 2,
    });
    expect(await page("?limit=2&after=2")).toMatchObject({ events: [{ seq: 3 }, { seq: 4 }], nextAfter: 4 });
    expect(await page("?limit=2&after=4")).toMatchObject({ events: [{ seq: 5 }], nextAfter: null });
    expect(await page("?limit=5")).toMatchObject({ nextAfter: null });
    expect(await page("?after=900")).toMatchObject({ events: [], firstSeq: 1, lastSeq: 5, nextAfter: null });
  });

  it("holds only the types asked for, and says from where on events are kept", async () => {
    const { page, useCases, id } = withEvents(5);
    expect(await page("?types=status")).toMatchObject({
      events: [{ seq: 1, type: "status" }],
      nextAfter: null,
    });
    useCases.log.purgeBelow(id, 4);
    expect(await page("")).toMatchObject({ events: [{ seq: 4 }, { seq: 5 }], firstSeq: 4 });
  });

  it("is what a client gets that takes anything", async () => {
    const { ask, id } = withEvents(1);
    const answer = await ask("GET", `/v1/tasks/${id}/events`, {
      headers: { authorization: "Bearer key-of-anna", accept: "*/*" },
    });
    expect(answer.headers.get("content-type")).toBe("application/json");
  });

  it.each([
    "?limit=0",
    "?limit=101",
    "?after=-1",
    "?after=1.5",
    "?after=x",
    "?types=",
    "?types=log,odd",
    "?follow=1",
  ])("is refused for %s", async (query) => {
    const { ask, id } = withEvents(1);
    const answer = await ask("GET", `/v1/tasks/${id}/events${query}`);
    expect([answer.status, codeOf(answer)]).toEqual([400, "invalid_request"]);
  });
});

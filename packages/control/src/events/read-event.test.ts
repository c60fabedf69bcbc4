import { expect, it } from "vitest";
import type { TaskEvent } from "@agency/contract";
import { createMemoryStorage } from "@agency/testing";
import { readEvent } from "./read-event.ts";

const preview: TaskEvent = {
  seq: 3,
  at: "2026-01-01T00:00:00.000Z",
  epoch: 1,
  type: "log",
  data: { stream: "stdout", text: "aaa…" },
  blob: { key: "tasks/t/events/x.json", bytes: 100_000 },
};

const deps = (events: TaskEvent[]) => ({
  storage: createMemoryStorage(),
  events: {
    append: () => Promise.reject(new Error("not used here")),
    read: () => Promise.resolve({ events, lastSeq: 3, firstSeq: 1 }),
  },
});

it("reads an event back whole from storage", async () => {
  const { storage, events } = deps([preview]);
  const data = { stream: "stdout", text: "a".repeat(100_000) };
  await storage.put("tasks/t/events/x.json", new TextEncoder().encode(JSON.stringify(data)));
  expect((await readEvent({ storage, events }, "t", 3)).data).toEqual(data);
});

it("says when the whole is no longer kept", async () => {
  await expect(readEvent(deps([preview]), "t", 3)).rejects.toMatchObject({ code: "not_found" });
});

it("says when there is no such event", async () => {
  await expect(readEvent(deps([preview]), "t", 2)).rejects.toMatchObject({ code: "not_found" });
});

import { FEED_RECENT } from "@agency/contract";
import type { FeedUpdate, TaskSummary } from "@agency/contract";
import { describe, expect, it } from "vitest";
import { applyUpdate, takeEach } from "./feed-state.ts";

const NOON = Date.parse("2026-03-01T12:00:00Z");
const totals = { counts: {}, spentTodayUsd: 0 };

function task(id: string, state: string, minutesAgo: number): TaskSummary {
  const at = new Date(NOON - minutesAgo * 60_000).toISOString();
  const over = state === "completed" || state === "failed";
  return { id, state, createdAt: at, finishedAt: over ? at : null } as unknown as TaskSummary;
}

const change = (...tasks: TaskSummary[]) => ({ type: "change" as const, tasks, removed: [], totals });

describe("the stream of all runs", () => {
  it("counts as heard once a change was taken, and not for a snapshot before one that cannot be", async () => {
    const said: string[] = [];
    const updates = async function* (): AsyncGenerator<FeedUpdate> {
      yield { type: "snapshot", tasks: [], truncated: false, totals };
      yield change();
      yield change(task("odd", "running", 1));
    };
    const take = ({ type, tasks }: FeedUpdate) => {
      if (tasks.length > 0) throw new Error("cannot be taken");
      said.push(type);
    };
    await expect(takeEach(updates(), take, () => said.push("heard"))).rejects.toThrow("cannot be taken");
    expect(said).toEqual(["snapshot", "change", "heard"]);
  });
});

describe("what the page knows of all runs", () => {
  it("keeps as many of those that are over as a snapshot brings, and every one that is not", () => {
    const known = new Map<string, TaskSummary>();
    for (let at = 0; at < 3 * FEED_RECENT; at++) {
      applyUpdate(known, change(task(`done ${at}`, "completed", 1000 - at)), NOON);
      applyUpdate(known, change(task(`live ${at}`, "running", 1000 - at)), NOON);
    }
    const ids = [...known.keys()];
    expect(ids.filter((id) => id.startsWith("live"))).toHaveLength(3 * FEED_RECENT);
    expect(ids.filter((id) => id.startsWith("done"))).toHaveLength(FEED_RECENT);
    expect(known.has(`done ${3 * FEED_RECENT - 1}`)).toBe(true);
  });

  it("does not lose a failure of today among what went well", () => {
    const known = new Map<string, TaskSummary>();
    const well = Array.from({ length: FEED_RECENT }, (_, at) => task(`done ${at}`, "completed", at));
    applyUpdate(known, change(task("today", "failed", 600), task("long ago", "failed", 3000), ...well), NOON);
    expect([known.has("today"), known.has("long ago")]).toEqual([true, false]);
  });
});

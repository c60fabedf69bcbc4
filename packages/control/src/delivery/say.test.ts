import type { EventAppend, EventStore } from "@agency/core";
import { expect, it } from "vitest";
import { sampleTask } from "../testing/sample-task.ts";
import { sayOnce, warnOnce } from "./say.ts";

const task = sampleTask();
const clock = { now: () => 0, sleep: () => Promise.resolve() };
const place = { kind: "pull_request", location: "https://github.com/a/b/pull/7" } as const;
const text = "The pull request could not be opened.";

/** A log in which a runner has said it all before. */
function forgedLog() {
  const said: EventAppend[] = [];
  const forged = [
    { type: "delivery", data: place },
    { type: "notice", data: { level: "warn", text } },
  ];
  const ours = () => said.flatMap(({ events }) => events);
  const events: Pick<EventStore, "append" | "read"> = {
    append(batch) {
      said.push(batch);
      return Promise.resolve({ taskId: task.id, verdict: "ok", lastSeq: 1, runnerSeq: 0 });
    },
    read(_id, _after, _limit, types, reading) {
      const all = reading?.by === "control_plane" ? ours() : [...forged, ...ours()];
      const page = all.filter(({ type }) => types?.some((wanted) => wanted === type));
      return Promise.resolve({ events: page as never, firstSeq: 1, lastSeq: page.length });
    },
  };
  return { said, deps: { events, clock } };
}

it("says what was delivered although a runner had said so first, and only once", async () => {
  const { said, deps } = forgedLog();
  await sayOnce(deps, task, place);
  await sayOnce(deps, task, place);
  expect(said.map(({ from, events }) => [from, events[0]?.data])).toEqual([[null, place]]);
});

it("warns although a runner had used the same words, and only once", async () => {
  const { said, deps } = forgedLog();
  await warnOnce(deps, task, text);
  await warnOnce(deps, task, text);
  expect(said).toHaveLength(1);
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { POINTS } from "./support/lost-work/points.ts";
import type { Point } from "./support/lost-work/points.ts";
import { expectGoneOn, expectKept, expectNothingTwice } from "./support/lost-work/aftermath.ts";
import { Stage } from "./support/lost-work/stage.ts";
import { standAt, storyOf } from "./support/lost-work/standing.ts";
import { playOf, question } from "./support/lost-work/story.ts";
import type { Story } from "./support/lost-work/story.ts";
import { initOf, isAlive, killHard, runnerOf } from "./support/sandbox-processes.ts";
import type { SandboxUnderTest } from "./support/sandbox-processes.ts";

const VICTIMS = ["runner", "sandbox", "server"] as const;
type Victim = (typeof VICTIMS)[number];
/** As many stand still together when the server is killed. */
const TOGETHER = 9;

interface Case {
  readonly victim: Victim;
  readonly point: Point;
  readonly story: Story;
}

const CASES: readonly Case[] = VICTIMS.flatMap((victim) =>
  POINTS.map((point, index) => ({ victim, point, story: storyOf(`${victim}-${index}`) })),
);
const of = (victim: Victim): [string, Case][] =>
  CASES.filter((one) => one.victim === victim).map((one) => [one.point.sentence, one]);

/** It stands in the middle of its second turn. */
const NAMED: Point = { sentence: "", place: { at: "script", name: "second" }, kept: 1 };
const named = storyOf("named");

const SCRIPTS = [...CASES, { point: NAMED, story: named }].flatMap(({ point, story }) => [
  [story.name, playOf(story, point.place)] as const,
  [`${story.name}-parent`, playOf(story, { at: "start" })] as const,
  [`${story.name}-ask`, question()] as const,
]);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open(Object.fromEntries(SCRIPTS));
});
afterAll(() => stage?.[Symbol.asyncDispose]());

describe.each<[Victim, (sandbox: SandboxUnderTest) => number]>([
  ["runner", runnerOf],
  ["sandbox", initOf],
])("work that is under way when its %s is killed", (victim, processOf) => {
  it.concurrent.each(of(victim))(
    "%s: the next task has its files and its memory",
    { timeout: 240_000 },
    async (_, one) => {
      const standing = await standAt(stage, one.point, one.story);
      killHard(processOf(standing.sandbox));
      await expectKept(stage, standing);
    },
  );
});

describe("work that is under way when its server is killed", () => {
  const ended = new Map<string, () => Promise<void>>();

  beforeAll(async () => {
    const cases = of("server").map(([, one]) => one);
    for (let from = 0; from < cases.length; from += TOGETHER) {
      const group = cases.slice(from, from + TOGETHER);
      const settled = await Promise.allSettled(group.map(({ point, story }) => standAt(stage, point, story)));
      await stage.killServer();
      const alive = settled.map((one) => one.status === "fulfilled" && isAlive(initOf(one.value.sandbox)));
      await stage.startServer();
      for (const [index, one] of settled.entries()) {
        const sentence = group[index]?.point.sentence ?? "";
        if (one.status === "rejected") ended.set(sentence, () => Promise.reject(one.reason));
        else {
          await one.value.open();
          ended.set(sentence, async () => {
            expect(alive[index]).toBe(true);
            await expectGoneOn(stage, one.value);
            await expectNothingTwice(stage, one.value);
          });
        }
      }
    }
  }, 600_000);

  it.each(of("server"))("%s: it goes on as if nothing had been", { timeout: 240_000 }, async (sentence) => {
    await ended.get(sentence)?.();
    expect(ended.has(sentence)).toBe(true);
  });
});

describe("work that people give names to", () => {
  it(
    "goes on after each of them, although nothing has changed between two",
    { timeout: 240_000 },
    async () => {
      const standing = await standAt(stage, NAMED, named);
      const { taskId } = standing;
      const { client } = stage.agency;
      for (const label of ["before lunch", "after lunch"]) {
        await client.takeCheckpoint(taskId, { label });
        await stage.agency.event(taskId, "checkpoint", (data) => data.label === label);
      }
      const kept = await client.checkpoints(taskId);
      expect(kept.map(({ label }) => label)).toEqual(["after lunch", "before lunch", null]);
      await standing.open();
      await expectGoneOn(stage, standing);
    },
  );
});

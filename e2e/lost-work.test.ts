import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { POINTS } from "./support/lost-work/points.ts";
import type { Point } from "./support/lost-work/points.ts";
import { expectGoneOn, expectKept, expectNothingTwice } from "./support/lost-work/aftermath.ts";
import { Stage } from "./support/lost-work/stage.ts";
import { standAt, storyOf } from "./support/lost-work/standing.ts";
import { playOf, question } from "./support/lost-work/story.ts";
import type { Standing } from "./support/lost-work/standing.ts";
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
// Some 160 tasks are deleted, with all that is stored of them.
afterAll(() => stage?.[Symbol.asyncDispose](), 180_000);

describe.each<[Victim, (sandbox: SandboxUnderTest) => number]>([
  ["runner", runnerOf],
  ["sandbox", initOf],
])("work that is under way when its %s is killed", (victim, processOf) => {
  it.concurrent.each(of(victim))(
    "%s: the next task has its files and its memory",
    { timeout: 240_000 },
    async (_, one) => {
      const standing = await standAt(stage, one.point, one.story);
      const victimId = processOf(standing.sandbox);
      expect(isAlive(victimId)).toBe(true);
      killHard(victimId);
      await expectKept(stage, standing);
    },
  );
});

describe("work that is under way when its server is killed", () => {
  const begun = new Map<string, { standing: PromiseSettledResult<Standing>; isThere: boolean }>();

  beforeAll(async () => {
    const cases = of("server").map(([, one]) => one);
    for (let from = 0; from < cases.length; from += TOGETHER) {
      const group = cases.slice(from, from + TOGETHER);
      const settled = await Promise.allSettled(group.map(({ point, story }) => standAt(stage, point, story)));
      await stage.killServer();
      for (const [index, standing] of settled.entries()) {
        const isThere = standing.status === "fulfilled" && isAlive(initOf(standing.value.sandbox));
        begun.set(group[index]?.point.sentence ?? "", { standing, isThere });
      }
      await stage.startServer();
      for (const one of settled) if (one.status === "fulfilled") await one.value.open();
    }
  }, 600_000);

  it.each(of("server"))("%s: it goes on as if nothing had been", { timeout: 240_000 }, async (sentence) => {
    const { standing, isThere } = begun.get(sentence) ?? {};
    if (standing?.status !== "fulfilled") throw standing?.reason ?? new Error("it was not begun");
    expect(isThere).toBe(true);
    await expectGoneOn(stage, standing.value);
    await expectNothingTwice(stage, standing.value);
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

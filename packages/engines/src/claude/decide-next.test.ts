import { describe, expect, it } from "vitest";
import { decideNext } from "./decide-next.ts";
import type { Situation } from "./decide-next.ts";
import { newMapping } from "./map/mapping.ts";
import type { Standing } from "./map/mapping.ts";

const { standing: begun } = newMapping({ cwd: "/", isResumed: false, turnLimit: 9 });
const idle: Standing = { ...begun, isIdle: true, lastStop: "completed" };

const cases: { name: string; standing: Partial<Standing>; rest?: Partial<Situation>; next: string }[] = [
  {
    name: "a turn is open",
    standing: { isTurnOpen: true },
    rest: { waiting: 1, isFinishing: true },
    next: "wait",
  },
  { name: "more may come", standing: {}, next: "wait" },
  { name: "more may come, with background work", standing: { background: ["server"] }, next: "wait" },
  { name: "an input waits", standing: {}, rest: { waiting: 1 }, next: "send" },
  {
    name: "an input waits beside background work",
    standing: { background: ["server"] },
    rest: { waiting: 1, isFinishing: true },
    next: "send",
  },
  {
    name: "an input waits and no turns are left",
    standing: { turns: 9 },
    rest: { waiting: 1 },
    next: "close",
  },
  { name: "all is done", standing: {}, rest: { isFinishing: true }, next: "close" },
  {
    name: "the engine never says whether it is idle",
    standing: { isIdle: undefined },
    rest: { isFinishing: true },
    next: "close",
  },
  {
    name: "a shell is in the background",
    standing: { background: ["server"] },
    rest: { isFinishing: true },
    next: "drain",
  },
  {
    name: "somebody decides about a call of a sub-agent",
    standing: { isIdle: false },
    rest: { isFinishing: true, isHeld: true },
    next: "wait",
  },
  { name: "a sub-agent works on", standing: { isIdle: false }, rest: { isFinishing: true }, next: "drain" },
  {
    name: "an input came too late for the turn",
    standing: {},
    rest: { untaken: 1, isFinishing: true },
    next: "drain",
  },
  {
    name: "the model has not heard of the end of a task",
    standing: { owesTurn: true },
    rest: { isFinishing: true },
    next: "settle",
  },
  { name: "the turns are used up", standing: { lastStop: "max_turns" }, rest: { waiting: 1 }, next: "close" },
  { name: "the money is used up", standing: { lastStop: "budget" }, next: "close" },
];

describe("decideNext", () => {
  it.each(cases)("$name: $next", ({ standing, rest, next }) => {
    const situation = { waiting: 0, untaken: 0, isFinishing: false, isHeld: false, turnLimit: 9, ...rest };
    expect(decideNext({ ...situation, standing: { ...idle, ...standing } })).toBe(next);
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AskBody, EventBody, Outcome, RunnerCommandBody } from "@agency/contract";
import { isLiveAttempt, isTerminal } from "./states.ts";
import { MAX_STARTS, stepTask } from "./step.ts";
import type { TaskCommand, TaskSnapshot } from "./snapshot.ts";
import { firstWait, waitedUntil } from "./waits.ts";

/**
 * A small world around the pure core: one task, its log and queue, runners that redeliver, workers with stale views.
 * The log below keeps the rules the SQL statement keeps; the same checks run against Postgres in packages/postgres.
 */
interface LogEntry {
  seq: number;
  epoch: number;
  runnerSeq: number | null;
  type: EventBody["type"];
  state?: string;
}

class World {
  task: TaskSnapshot = {
    state: "queued",
    reason: null,
    desired: "run",
    cancelDeadlineAt: null,
    epoch: 0,
    startsLeft: MAX_STARTS,
    attempt: null,
    waits: [],
    waitingSince: null,
    waitedMs: 0,
  };
  readonly log: LogEntry[] = [];
  readonly acked = new Set<string>();
  readonly sandboxes = new Set<number>();
  readonly epochs: number[] = [];
  /** The store's ask rows: whether each was answered. */
  readonly asks = new Map<string, boolean>();
  readonly told: RunnerCommandBody[] = [];
  waited = 0;
  queued = true;
  claimsAfterCancelAck = 0;
  cancelAcked = false;
  /** Before the runner had handed in an outcome. */
  cancelledInTime = false;
  /** Commands that changed something although they must not have: what each did. */
  readonly violations: string[] = [];
  private runnerSeq = 0;

  command(command: TaskCommand, now: number): boolean {
    if (command.kind === "ask" && this.asks.has(command.ask.id)) return true;
    const result = stepTask(this.task, command, now);
    if (!result.ok) return false;
    const { next, events, effects } = result.step;
    if (isTerminal(this.task.state)) this.violations.push(`${command.kind} of a finished task`);
    if ("epoch" in command && command.epoch < this.task.epoch) this.violations.push(`stale ${command.kind}`);
    if (command.kind === "end" && next.epoch === this.task.epoch)
      this.violations.push("an ended attempt was not fenced");
    if (next.epoch !== this.task.epoch) this.runnerSeq = 0;
    this.task = next;
    this.epochs.push(next.epoch);
    if (command.kind === "ask") this.asks.set(command.ask.id, false);
    if (command.kind === "answer" || command.kind === "withdraw") this.asks.set(command.askId, true);
    if (waitedUntil(next, now) < this.waited) this.violations.push("waited time fell");
    this.waited = waitedUntil(next, now);
    for (const event of events) this.write(event, null);
    for (const effect of effects) {
      if (effect.kind === "enqueue") this.queued = true;
      if (effect.kind === "dequeue") this.queued = false;
      if (effect.kind === "tell_runner") this.told.push(effect.command);
      if (effect.kind === "open_attempt") {
        this.sandboxes.add(effect.epoch);
        if (this.cancelAcked) this.claimsAfterCancelAck += 1;
      }
    }
    if (command.kind === "cancel") this.cancelAcked = true;
    if (next.desired === "cancel" && (next.attempt?.outcome ?? null) === null) this.cancelledInTime = true;
    return true;
  }

  /** A runner sends the numbers from..from+count-1, perhaps not for the first time. */
  runnerSends(epoch: number, from: number, count: number): void {
    const closed = isTerminal(this.task.state);
    if (
      closed ||
      epoch !== this.task.epoch ||
      from > this.runnerSeq + 1 ||
      this.task.attempt?.startedAt === null ||
      this.task.attempt === null
    )
      return;
    for (let n = from; n < from + count; n += 1) {
      if (n > this.runnerSeq) {
        this.runnerSeq = n;
        this.write({ type: "log", data: { stream: "stdout", text: `${n}` } }, n);
      }
      this.acked.add(`${epoch}:${n}`);
    }
  }

  /** The supervisor's clean-up: every sandbox that no live attempt needs is destroyed (I9). */
  reap(): void {
    for (const epoch of this.sandboxes) {
      const needed = this.task.attempt?.epoch === epoch && isLiveAttempt(this.task.attempt.state);
      if (!needed) this.sandboxes.delete(epoch);
    }
  }

  private write(event: EventBody, runnerSeq: number | null): void {
    const state = event.type === "status" ? { state: event.data.state } : {};
    this.log.push({
      seq: this.log.length + 1,
      epoch: this.task.epoch,
      runnerSeq,
      type: event.type,
      ...state,
    });
  }
}

const nothing = {
  summary: "",
  files: null,
  added: null,
  removed: null,
  commit: null,
  commits: [],
  branch: null,
  checks: [],
};
const outcome = fc.constantFrom<Outcome>(
  { ...nothing, state: "completed", reason: null },
  { ...nothing, state: "failed", reason: "engine_error" },
  { ...nothing, state: "cancelled", reason: "cancelled_by_user" },
);
const cause = fc.constantFrom(
  "timeout",
  "silence",
  "sandbox_unavailable",
  "sandbox_lost",
  "start_deadline",
  "budget_exceeded",
);
/** How far behind the present the speaker is: 0 is current, more is a zombie. */
const lag = fc.constantFrom(0, 0, 0, 1, 2);

const askId = fc.constantFrom("q1", "q2", "q3");
const ask = askId.map<AskBody>((id) => ({ id, kind: "approval", tool: "Bash", title: id, input: null }));

const move = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: "claim" as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom("provisioned", "hello", "settle"), lag }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("send"),
      lag,
      back: fc.nat(3),
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel") }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("wait"),
      lag,
      reason: fc.constantFrom("budget" as const, "usage_limit" as const),
      until: fc.constantFrom(null, 10, 20),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "pause" as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("ask"), lag, ask }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("answer"), askId }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("withdraw"), lag, withdrawn: askId }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("proceed"),
      id: fc.constantFrom("paused_by_user", "budget", "usage_limit"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("finalize"), lag, outcome }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("storing"), lag }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("end"), lag, cause }) },
  { weight: 1, arbitrary: fc.constant({ kind: "reap" as const }) },
);
type Move = typeof move extends fc.Arbitrary<infer M> ? M : never;

function perform(world: World, m: Move, now: number): void {
  const epoch = Math.max(0, world.task.epoch - ("lag" in m ? m.lag : 0));
  const sent = world.log.filter((e) => e.epoch === epoch && e.runnerSeq !== null).length;
  switch (m.kind) {
    case "claim":
      if (world.queued && world.command({ kind: "claim" }, now)) world.queued = false;
      return;
    case "send":
      if ("count" in m) world.runnerSends(epoch, Math.max(1, sent + 1 - m.back), m.count);
      return;
    case "reap":
      return world.reap();
    case "cancel":
      return void world.command({ kind: "cancel", graceMs: 1000 }, now);
    case "pause":
      return void world.command({ kind: "pause" }, now);
    case "finalize":
      if ("outcome" in m) world.command({ kind: "finalize", epoch, outcome: m.outcome }, now);
      return;
    case "storing":
      return void world.command({ kind: "storing", epoch, forMs: 1000, message: "storing" }, now);
    case "end":
      if ("cause" in m) world.command({ kind: "end", epoch, cause: m.cause }, now);
      return;
    case "wait":
    case "proceed":
    case "ask":
    case "answer":
    case "withdraw":
      return wait(world, m, epoch, now);
    default:
      world.command({ kind: m.kind as "hello", epoch }, now);
  }
}

function wait(world: World, m: Move, epoch: number, now: number): void {
  if ("reason" in m) {
    const { reason, until } = m;
    world.command({ kind: "wait", epoch, reason, until, message: reason }, now);
  }
  if ("id" in m) world.command({ kind: "proceed", id: m.id }, now);
  if ("ask" in m) world.command({ kind: "ask", epoch, ask: m.ask }, now);
  if ("withdrawn" in m) world.command({ kind: "withdraw", epoch, askId: m.withdrawn }, now);
  if ("askId" in m) {
    const answer = { kind: "approval" as const, allow: true };
    world.command({ kind: "answer", askId: m.askId, answer, by: "somebody" }, now);
  }
}

function checkWaits({ task, asks, told }: World): void {
  expect(task.waits.length > 0).toBe(task.state === "waiting");
  expect(task.waitingSince !== null).toBe(task.state === "waiting");
  expect(new Set(task.waits.map((one) => one.id)).size).toBe(task.waits.length);
  if (task.state === "waiting") expect(task.reason).toBe(firstWait(task.waits)?.reason);
  for (const { id } of task.waits) expect(asks.get(id)).not.toBe(true);
  const frames = told.filter((command) => command.kind === "wait" || command.kind === "proceed");
  frames.slice(1).forEach((frame, i) => expect(frame).not.toEqual(frames[i]));
  const clocksStand = frames.at(-1)?.kind === "wait";
  const { state } = task;
  if (state === "running" || state === "waiting") expect(clocksStand).toBe(state === "waiting");
}

function check(world: World): void {
  const { task, log } = world;
  expect(world.violations).toEqual([]); // I5, and terminal is terminal
  const terminal = log.filter(
    (e) => e.state === "completed" || e.state === "failed" || e.state === "cancelled",
  );
  expect(world.epochs).toEqual([...world.epochs].sort((a, b) => a - b)); // I2
  expect(log.map((e) => e.seq)).toEqual(log.map((_, i) => i + 1)); // I3
  expect(terminal).toHaveLength(isTerminal(task.state) ? 1 : 0); // I4
  if (terminal.length > 0) expect(log.at(-1)).toBe(terminal[0]); // I4
  const keys = log.filter((e) => e.runnerSeq !== null).map((e) => `${e.epoch}:${e.runnerSeq}`);
  expect(new Set(keys).size).toBe(keys.length); // I7
  for (const key of world.acked) expect(keys).toContain(key); // I6
  expect(log.map((e) => e.epoch)).toEqual(log.map((e) => e.epoch).sort((a, b) => a - b)); // I5: nothing of a stale epoch
  expect(world.claimsAfterCancelAck).toBe(0); // I8
  if (task.attempt && isLiveAttempt(task.attempt.state)) expect(task.attempt.epoch).toBe(task.epoch); // I1
  expect(isTerminal(task.state) && task.attempt !== null && isLiveAttempt(task.attempt.state)).toBe(false); // I1
  if (isTerminal(task.state) && world.cancelledInTime) expect(task.state).toBe("cancelled"); // I11
  checkWaits(world);
}

/** With the faults gone, everyone does their duty: how many rounds until the end? */
function calmDown(world: World, now: number): number {
  for (let round = 1; round <= 20; round += 1) {
    if (isTerminal(world.task.state)) return round;
    const { epoch } = world.task;
    if (world.task.state === "queued") world.command({ kind: "claim" }, now);
    else if (world.task.state === "starting") world.command({ kind: "hello", epoch }, now);
    else if (world.task.attempt?.outcome) world.command({ kind: "settle", epoch }, now);
    else world.command({ kind: "end", epoch, cause: "timeout" }, now);
  }
  return Number.POSITIVE_INFINITY;
}

describe("the invariants", () => {
  it("hold after every move of any history: I1 I2 I3 I4 I5 I6 I7 I8 I11, and those of waits", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const world = new World();
        moves.forEach((m, i) => {
          perform(world, m, i);
          check(world);
        });
      }),
      { numRuns: 2000 },
    );
  });

  it("leave no sandbox behind once the task has ended and the reaper came by: I9", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const world = new World();
        moves.forEach((m, i) => perform(world, m, i));
        calmDown(world, moves.length);
        world.reap();
        expect(world.sandboxes.size).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it("bring every task to its end within a bound once the faults are gone: I10", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const world = new World();
        moves.forEach((m, i) => perform(world, m, i));
        expect(calmDown(world, moves.length)).toBeLessThanOrEqual(10);
        check(world);
      }),
      { numRuns: 500 },
    );
  });
});

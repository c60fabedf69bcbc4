import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ChildEngine } from "./testing/child-engine.ts";
import { FakeControlPlane } from "./testing/fake-control-plane.ts";
import type { Answer, Route } from "./testing/fake-control-plane.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { runRunner } from "./testing/run-runner.ts";
import { ScriptedEngine } from "./testing/scripted-engine.ts";

const done = (texts: number): ScriptedEngine =>
  new ScriptedEngine((run) => {
    for (let n = 1; n <= texts; n += 1) run.say(`text ${n}`);
    run.turnEnd("completed");
  });

describe("a runner and its control plane", () => {
  let plane: FakeControlPlane;
  beforeEach(async () => {
    plane = await FakeControlPlane.open();
  });
  afterEach(() => plane.close());

  /** Answers the first requests of a route like this, then goes on as usual. */
  function first(route: Route, ...answers: Answer[]): void {
    plane.script = (asked) => (asked === route ? answers.shift() : undefined);
  }
  function expectWhole(texts: number): void {
    expect(plane.events.map(({ n }) => n)).toEqual(plane.events.map((_, index) => index + 1));
    const said = plane.ofType("text").map((data) => (data as { text: string }).text);
    expect(said).toEqual(Array.from({ length: texts }, (_, index) => `text ${index + 1}`));
    expect(plane.finished).toHaveLength(1);
    expect(plane.finished[0]?.finalSeq).toBe(plane.events.length);
  }

  it("loses and doubles nothing when answers are lost", async () => {
    first("events", "lost", "lost", "lost");
    expect(await runRunner(plane, done(50)).exit).toBe(0);
    expectWhole(50);
  });

  it("loses nothing when requests are cut or refused for a while", async () => {
    first(
      "events",
      "cut",
      { status: 503 },
      { status: 429, retryAfter: 0 },
      { status: 500 },
      { status: 403 },
      "cut",
    );
    expect(await runRunner(plane, done(50)).exit).toBe(0);
    expectWhole(50);
  });

  it("goes on through restarts under other socket names as if nothing had happened", async () => {
    const engine = new ScriptedEngine();
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    const texts = 300;
    for (let n = 1; n <= texts; n += 1) {
      run.say(`text ${n}`);
      if (n % 100 !== 50) continue;
      await plane.until(() => plane.has("text", { text: `text ${n - 20}` }));
      await plane.stop();
      for (let more = 0; more < 10; more += 1) run.say(`text ${(n += 1)}`);
      await plane.start();
    }
    expect(run.interrupts + run.kills).toBe(0);
    run.turnEnd("completed");
    expect(await exit).toBe(0);
    expectWhole(texts);
  });

  it("is not led astray by sockets nobody listens to and files that are none", async () => {
    await writeFile(join(plane.doorDir, "000.sock"), "");
    await mkdir(join(plane.doorDir, "001.sock"));
    expect(await runRunner(plane, done(1)).exit).toBe(0);
  });

  it("says hello again with the same nonce when the answer was lost", async () => {
    first("hello", { status: 503 }, "lost", "cut");
    expect(await runRunner(plane, done(1)).exit).toBe(0);
    expect(plane.hellos.map(({ nonce }) => nonce)).toEqual(["nonce-of-this-test", "nonce-of-this-test"]);
  });

  it.each([401, 404, 409, 410])("leaves at once when hello is answered with %i", async (status) => {
    first("hello", { status });
    expect(await runRunner(plane, done(1)).exit).toBe(3);
    expect(plane.events).toEqual([]);
  });

  it("gives up on hello when the deadline has passed", async () => {
    await plane.stop();
    const clock = new ManualClock();
    await clock.advance(Date.parse(plane.bootstrap.deadlineAt) - clock.now());
    expect(await runRunner(plane, done(1), clock).exit).toBe(5);
  });

  it.each([
    ["an event batch is answered with 410", "events", { status: 410 }],
    ["an event batch is answered with 404", "events", { status: 404 }],
    ["an event batch is answered with 409", "events", { status: 409 }],
    ["its token is not known any more", "events", { status: 401 }],
    ["asking for commands is answered with 410", "commands", { status: 410 }],
  ] as const)("kills the engine's processes and leaves when %s", async (_when, route, answer) => {
    const engine = new ChildEngine();
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    plane.script = (asked) => (asked === route ? answer : undefined);
    await plane.stop();
    await plane.start();
    run.say("a zombie speaks");
    expect(await exit).toBe(3);
    await engine.gone();
    expect(plane.finished).toEqual([]);
  });

  it("kills the engine when the command stream says that the attempt is over", async () => {
    const engine = new ChildEngine();
    const { exit } = runRunner(plane, engine);
    await engine.run;
    await plane.until(() => plane.listeners > 0);
    plane.lastWord();
    expect(await exit).toBe(3);
    await engine.gone();
  });

  it("resends what the control plane turns out not to hold", async () => {
    let asked = 0;
    plane.script = (route) => {
      if (route !== "finished" || (asked += 1) > 1) return undefined;
      const have = plane.events.length - 5;
      plane.events.length = have;
      return { status: 409, body: { have } };
    };
    expect(await runRunner(plane, done(20)).exit).toBe(0);
    expectWhole(20);
  });

  it("goes back when an acknowledgement says less than was sent", async () => {
    let forgot = false;
    plane.script = (route) => {
      if (route === "events" && !forgot && plane.events.length > 5) {
        forgot = true;
        plane.events.length -= 3;
        return { status: 200, body: { ack: plane.events.length } };
      }
      return undefined;
    };
    const engine = new ScriptedEngine();
    const { exit } = runRunner(plane, engine);
    const run = await engine.run;
    for (let n = 1; n <= 10; n += 1) run.say(`text ${n}`);
    await plane.until(() => plane.events.length > 5);
    for (let n = 11; n <= 20; n += 1) run.say(`text ${n}`);
    run.turnEnd("completed");
    expect(await exit).toBe(0);
    expectWhole(20);
  });

  it.each([413, 422])(
    "finds the one event that is refused with %i and sends a marker in its place",
    async (status) => {
      plane.script = (route, body) =>
        route === "events" && JSON.stringify(body).includes('"text":"text 13"') ? { status } : undefined;
      expect(await runRunner(plane, done(40)).exit).toBe(0);
      expect(plane.events.map(({ n }) => n)).toEqual(plane.events.map((_, index) => index + 1));
      expect(plane.ofType("text")).toHaveLength(39);
      expect(plane.ofType("notice")).toMatchObject([{ text: expect.stringContaining(`type text`) }]);
    },
  );

  it("sends the first event at once and a flood in few batches", async () => {
    expect(await runRunner(plane, done(2000)).exit).toBe(0);
    // How much has come when the first one leaves depends on the machine; it never waits for a full batch.
    expect(plane.batches[0]?.events.length).toBeLessThan(500);
    expect(Math.max(...plane.batches.map(({ events }) => events.length))).toBeLessThanOrEqual(500);
    expect(plane.batches.length).toBeLessThan(200);
    expectWhole(2000);
  });

  it("repeats finished until it is taken", async () => {
    first("finished", "cut", { status: 503 }, { status: 429, retryAfter: 0 });
    expect(await runRunner(plane, done(1)).exit).toBe(0);
    expect(plane.finished).toHaveLength(1);
  });
});

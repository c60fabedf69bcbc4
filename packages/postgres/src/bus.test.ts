import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "@agency/core";
import { createTestDatabase } from "@agency/testing";
import type { TestDatabase } from "@agency/testing";
import { createBus } from "./bus.ts";
import type { PostgresBus } from "./bus.ts";
import { openDatabase } from "./database.ts";
import type { Database } from "./database.ts";

let home: TestDatabase;
let db: Database;
const open: PostgresBus[] = [];
const complaints: string[] = [];
const note = (_facts: object, sentence: string): void => void complaints.push(sentence);
const logger = { debug: note, info: note, warn: note, error: note, child: () => logger };

/** Sleeps end when the test says so, or when they are given up. */
function manualClock() {
  const naps: { ms: number; wake: () => void }[] = [];
  let slept = (): void => {};
  const clock: Clock = {
    now: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        naps.push({ ms, wake: resolve });
        signal?.addEventListener("abort", () => resolve());
        slept();
      }),
  };
  const nextNap = async (): Promise<{ ms: number; wake: () => void }> => {
    while (naps.length === 0) await new Promise<void>((resolve) => (slept = resolve));
    return naps.shift() ?? { ms: 0, wake: () => {} };
  };
  return { clock, nextNap };
}

function bus(clock: Clock, connectionString = home.connectionString): PostgresBus {
  const made = createBus({ connectionString, clock, logger });
  open.push(made);
  return made;
}

const say = (channel: string, payload: string) => db.query("select pg_notify($1, $2)", [channel, payload]);
const cutOff = () =>
  db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = 'agency bus' and datname = current_database()`,
  );

/** The payloads a listener was told, up to and with `last`. */
function collect(from: PostgresBus, channel: "ev" | "ctl" | "job", last: string): Promise<string[]> {
  const heard: string[] = [];
  return new Promise((resolve) => {
    const stop = from.subscribe(channel, (payload) => {
      heard.push(payload);
      if (payload !== last) return;
      stop();
      resolve(heard);
    });
  });
}

beforeAll(async () => {
  home = await createTestDatabase();
  db = openDatabase({ connectionString: home.connectionString });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  complaints.length = 0;
});
afterAll(async () => {
  await db.close();
  await home.drop();
});

describe("the bus", () => {
  it("tells each channel's listeners what was said there, in order", async () => {
    const mine = bus(manualClock().clock);
    await mine.ready;
    const heard = [collect(mine, "ev", "b:2"), collect(mine, "ev", "b:2"), collect(mine, "ctl", "c")];
    for (const [channel, payload] of [
      ["ev", "a:1"],
      ["job", ""],
      ["ctl", "c"],
      ["ev", "b:2"],
    ] as const) {
      await say(channel, payload);
    }
    expect(await Promise.all(heard)).toEqual([["a:1", "b:2"], ["a:1", "b:2"], ["c"]]);
  });

  it("says nothing of a transaction that was rolled back", async () => {
    const mine = bus(manualClock().clock);
    await mine.ready;
    const heard = collect(mine, "ctl", "after");
    const failing = db.tx(async (tx) => {
      await tx.query("select pg_notify('ctl', 'never')");
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    await say("ctl", "after");
    expect(await heard).toEqual(["after"]);
  });

  it("keeps telling the others when one listener fails, or leaves", async () => {
    const mine = bus(manualClock().clock);
    await mine.ready;
    mine.subscribe("ev", () => {
      throw new Error("a bad listener");
    });
    mine.subscribe("ev", () => expect.unreachable("it left"))();
    const heard = collect(mine, "ev", "x:1");
    await say("ev", "x:1");
    expect(await heard).toEqual(["x:1"]);
    expect(complaints).toEqual(["A listener of the bus failed."]);
  });

  it("comes back after a lost connection, and has everybody look for what they missed", async () => {
    const { clock, nextNap } = manualClock();
    const mine = bus(clock);
    await mine.ready;
    const resynced = new Promise<void>((resolve) => mine.onResync(resolve));
    const probe = await nextNap();
    expect(probe.ms).toBe(15_000);
    await cutOff();
    const backOff = await nextNap();
    await say("ev", "missed:1");
    const heard = collect(mine, "ev", "now:2");
    backOff.wake();
    await resynced;
    await say("ev", "now:2");
    expect(await heard).toEqual(["now:2"]);
  });

  it("tries again more and more slowly while there is no server", async () => {
    const { clock, nextNap } = manualClock();
    bus(clock, "postgresql://agency@%2Fnowhere/postgres");
    const pauses: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      const nap = await nextNap();
      pauses.push(nap.ms);
      nap.wake();
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it("asks now and then whether its connection still lives", async () => {
    const { clock, nextNap } = manualClock();
    const mine = bus(clock);
    await mine.ready;
    (await nextNap()).wake();
    expect((await nextNap()).ms).toBe(15_000);
    const heard = collect(mine, "job", "still here");
    await say("job", "still here");
    expect(await heard).toEqual(["still here"]);
  });
});

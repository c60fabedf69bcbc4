import { describe, expect, it } from "vitest";
import { oneAtATime } from "./one-at-a-time.ts";
import { breathe } from "./surroundings.ts";

function setting() {
  let now = 0;
  let timer: { at: number; action: () => void } | null = null;
  const loads: PromiseWithResolvers<string>[] = [];
  const signals: AbortSignal[] = [];
  const heard: string[] = [];
  const loader = oneAtATime(
    (signal) => {
      const load = Promise.withResolvers<string>();
      loads.push(load);
      signals.push(signal);
      return load.promise;
    },
    { loaded: (data) => heard.push(data), failed: (error) => heard.push(String(error)) },
    {
      now: () => now,
      after(ms, action) {
        timer = { at: now + ms, action };
        return () => (timer = null);
      },
    },
  );
  const settle = async (at: number, data: string) => {
    loads[at]?.resolve(data);
    await breathe();
  };
  const pass = (ms: number) => {
    now += ms;
    if (timer !== null && timer.at <= now) timer.action();
  };
  return { loader, loads, signals, heard, settle, pass };
}

describe("loading one at a time", () => {
  it("lets what runs end, and loads once more for all that was asked meanwhile", async () => {
    const { loader, loads, signals, heard, settle, pass } = setting();
    loader.ask("now");
    for (let news = 0; news < 50; news++) loader.ask("soon");
    expect(loads).toHaveLength(1);
    expect(signals[0]?.aborted).toBe(false);
    await settle(0, "first");
    expect(heard).toEqual(["first"]);
    pass(999);
    expect(loads).toHaveLength(1);
    pass(1);
    expect(loads).toHaveLength(2);
    await settle(1, "second");
    pass(5000);
    expect(heard).toEqual(["first", "second"]);
    expect(loads).toHaveLength(2);
  });

  it("does not let somebody who asks wait for the gap", async () => {
    const { loader, loads, settle } = setting();
    loader.ask("now");
    await settle(0, "first");
    loader.ask("soon");
    expect(loads).toHaveLength(1);
    loader.ask("now");
    expect(loads).toHaveLength(2);
  });

  it("tells a failure, and nothing any more once it has ended", async () => {
    const { loader, loads, signals, heard, settle } = setting();
    loader.ask("now");
    loads[0]?.reject(new Error("no"));
    await settle(0, "");
    expect(heard).toEqual(["Error: no"]);
    loader.ask("now");
    loader.end();
    expect(signals[1]?.aborted).toBe(true);
    await settle(1, "late");
    expect(heard).toHaveLength(1);
  });
});

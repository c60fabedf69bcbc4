import { AgencyError } from "@agency/contract";
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
  const refuse = async (at: number, error: unknown) => {
    loads[at]?.reject(error);
    await breathe();
  };
  const pass = (ms: number) => {
    now += ms;
    if (timer !== null && timer.at <= now) timer.action();
  };
  return { loader, loads, signals, heard, settle, refuse, pass };
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

  it("asks again by itself after growing pauses, and after the first one again once it had an answer", async () => {
    const { loader, loads, refuse, settle, pass } = setting();
    const down = new AgencyError("unavailable", "down");
    loader.ask("now");
    for (const [at, pause] of [2000, 4000, 8000].entries()) {
      await refuse(at, down);
      pass(pause - 1);
      expect(loads).toHaveLength(at + 1);
      pass(1);
      expect(loads).toHaveLength(at + 2);
    }
    await settle(3, "up");
    loader.ask("now");
    await refuse(4, down);
    pass(2000);
    expect(loads).toHaveLength(6);
  });

  it("asks again only for news or a person when asking cannot cure it", async () => {
    const { loader, loads, refuse, pass } = setting();
    loader.ask("now");
    await refuse(0, new AgencyError("forbidden", "no"));
    pass(1e9);
    expect(loads).toHaveLength(1);
    loader.ask("soon");
    expect(loads).toHaveLength(2);
  });

  it("lets a server be that said until when, unless a person asks", async () => {
    const { loader, loads, refuse, pass } = setting();
    const busy = new AgencyError("too_many_requests", "busy", { retryAfterMs: 90_000 });
    loader.ask("now");
    await refuse(0, busy);
    pass(60_000);
    loader.ask("soon");
    pass(29_999);
    expect(loads).toHaveLength(1);
    pass(1);
    expect(loads).toHaveLength(2);
    await refuse(1, busy);
    loader.ask("now");
    expect(loads).toHaveLength(3);
  });

  it("is not hurried by news of a busy fleet while the server fails", async () => {
    const { loader, loads, refuse, pass } = setting();
    loader.ask("now");
    let asked = 0;
    for (let second = 0; second < 120; second++) {
      if (loads.length > asked) await refuse(asked++, new AgencyError("internal", "broken"));
      loader.ask("soon");
      pass(1000);
    }
    // At 0, 2, 6, 14, 30, 62 and not yet at 122 seconds.
    expect(loads).toHaveLength(6);
  });

  it("forgets the pause once it had an answer", async () => {
    const { loader, loads, refuse, settle, pass } = setting();
    loader.ask("now");
    await refuse(0, new AgencyError("internal", "broken"));
    loader.ask("now");
    await settle(1, "whole");
    loader.ask("soon");
    pass(1000);
    expect(loads).toHaveLength(3);
  });

  it("waits for what the server asked for even when it is back", async () => {
    const { loader, loads, refuse, pass } = setting();
    loader.ask("now");
    await refuse(0, new AgencyError("unavailable", "busy", { retryAfterMs: 90_000 }));
    pass(60_000);
    loader.ask("back");
    expect(loads).toHaveLength(1);
    pass(30_000);
    expect(loads).toHaveLength(2);
  });

  it("does not wait for the end of a pause when the server is back", async () => {
    const { loader, loads, refuse, settle, pass } = setting();
    loader.ask("now");
    await refuse(0, new AgencyError("internal", "broken"));
    pass(2000);
    await refuse(1, new AgencyError("internal", "broken"));
    pass(1000);
    loader.ask("back");
    expect(loads).toHaveLength(3);
    await settle(2, "whole");
    pass(1e9);
    expect(loads).toHaveLength(3);
  });
});

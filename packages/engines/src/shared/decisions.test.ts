import { describe, expect, it } from "vitest";
import { createDecisions } from "./decisions.ts";

const never = (): Promise<string> => Promise.withResolvers<string>().promise;

describe("what a run waits for", () => {
  it("is open until it is decided", async () => {
    const seen: number[] = [];
    const decisions = createDecisions(() => seen.push(decisions.open));
    const decided = decisions.wait(
      async () => "yes",
      () => "no",
    );
    expect(decisions.open).toBe(1);
    expect(await decided).toBe("yes");
    expect(seen).toEqual([1, 0]);
  });

  it.each([
    [
      "throws at once",
      () => {
        throw new Error("broken");
      },
    ],
    ["fails later", () => Promise.reject(new Error("broken"))],
  ])("is refused when deciding %s", async (_, decide) => {
    const decisions = createDecisions();
    expect(await decisions.wait<string>(decide, (why) => `no: ${String(why)}`)).toBe("no: Error: broken");
    expect(decisions.open).toBe(0);
  });

  it("is given up when nobody needs it any more, though nobody decides", async () => {
    const decisions = createDecisions();
    const unneeded = new AbortController();
    let told: AbortSignal | undefined;
    const first = decisions.wait(
      (signal) => {
        told = signal;
        return never();
      },
      () => "no",
      unneeded.signal,
    );
    const second = decisions.wait(never, () => "no");
    unneeded.abort();
    expect(await first).toBe("no");
    expect(told?.aborted).toBe(true);
    expect(decisions.open).toBe(1);
    decisions.giveUp();
    expect(await second).toBe("no");
    expect(await decisions.wait(never, () => "too late")).toBe("too late");
  });
});

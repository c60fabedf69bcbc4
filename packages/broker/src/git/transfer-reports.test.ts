import type { AttemptCaller, Clock } from "@agency/core";
import { describe, expect, it } from "vitest";
import { createTransferReports } from "./transfer-reports.ts";
import type { GitTransfer } from "./transfer.ts";

const caller: AttemptCaller = { taskId: "a", accountId: "anna", epoch: 1 };
const denied: GitTransfer = {
  host: "git.example",
  repository: "https://git.example/a/b",
  action: "fetch",
  bytesIn: 0,
  bytesOut: 2,
  verdict: "denied",
  reason: "No.",
};
const still: Clock = { now: () => 0, sleep: () => new Promise(() => undefined) };

function collect() {
  const told: GitTransfer[] = [];
  return { told, reports: createTransferReports(still, (_, transfer) => told.push(transfer)) };
}

describe("the reports of git transfers", () => {
  it("are as they were while they are few", () => {
    const { told, reports } = collect();
    for (let at = 0; at < 20; at += 1) reports.add(caller, denied);
    expect(told).toEqual(Array.from({ length: 20 }, () => denied));
  });

  it("cannot be made to flood a log: those alike become one, and no byte is missing", () => {
    const { told, reports } = collect();
    for (let at = 0; at < 1_020; at += 1) reports.add(caller, denied);
    expect(told.length).toBe(20);
    reports.flush(caller);
    expect(told.slice(20)).toEqual([
      { ...denied, bytesOut: 2_000, reason: "No. 1000 alike within a second." },
    ]);
  });

  it("do not grow with the names an agent invents", () => {
    const { told, reports } = collect();
    for (let at = 0; at < 1_000; at += 1) {
      reports.add(caller, { ...denied, repository: `https://git.example/a/${at}` });
    }
    reports.flush(caller);
    expect(told.length).toBe(41);
    expect(told.at(-1)).toMatchObject({ repository: "other repositories", bytesOut: 2 * 960 });
  });

  it("say of each ref what became of it in the end, whatever else was asked for in that second", () => {
    const { told, reports } = collect();
    for (let at = 0; at < 60; at += 1)
      reports.add(caller, { ...denied, repository: `${at}`, verdict: "allowed" });
    const [first, second, third] = ["1", "2", "3"].map((digit) => digit.repeat(40));
    const push = (ref: string, old = "", next = "", ok: boolean | null = true): GitTransfer => {
      const updates = [{ ref, old, new: next, ok }];
      return { ...denied, action: "push", verdict: "allowed", refs: [ref], updates };
    };
    reports.add(caller, push("a", first, second));
    reports.add(caller, push("a", second, third));
    reports.add(caller, push("a", third, first, false));
    reports.add(caller, push("b", first, second, null));
    reports.flush(caller);
    expect(told.filter(({ action }) => action === "push").map(({ updates }) => updates)).toEqual([
      [
        { ref: "a", old: first, new: third, ok: true },
        { ref: "b", old: first, new: second, ok: null },
      ],
    ]);
    for (let at = 0; at < 37; at += 1) reports.add(caller, push(`c${at}`, first, second));
    reports.flush(caller);
    expect(told.at(-1)).not.toHaveProperty("updates");
  });
});

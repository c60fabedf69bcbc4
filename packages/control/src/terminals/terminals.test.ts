import type { Clock, Logger, TaskStore } from "@agency/core";
import { describe, expect, it } from "vitest";
import { createTerminals } from "./terminals.ts";

type Said = Awaited<ReturnType<TaskStore["openTerminal"]>>;

function place(said: Said = "opened") {
  const asked: unknown[][] = [];
  const noted: string[] = [];
  const sleeping: (() => void)[] = [];
  const clock: Clock = {
    now: () => 1_000,
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        sleeping.push(resolve);
        signal?.addEventListener("abort", () => resolve(), { once: true });
      }),
  };
  const nothing = (): void => undefined;
  const logger: Logger = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
    child: () => logger,
  };
  const tasks = {
    openTerminal: async (...given: Parameters<TaskStore["openTerminal"]>) => {
      asked.push(given);
      return said;
    },
    noteTerminal: async (_id: string, text: string) => void noted.push(text),
  };
  const terminals = createTerminals<string>({ tasks, clock, logger });
  return { terminals, asked, noted, timeIsUp: () => sleeping.splice(0).forEach((wake) => wake()) };
}

const open = ({ terminals }: ReturnType<typeof place>) => terminals.open("anna", "t1", "key 1");

describe("a terminal", () => {
  it("is asked for in the name of an account, with who it was, and joins the runner that comes for it", async () => {
    const here = place();
    const { id, runner, close } = await open(here);
    const audit = { accountId: "anna", actor: "key 1", action: "terminal.open", target: "t1" };
    expect(here.asked).toMatchObject([
      ["anna", "t1", { id, audit, text: "A terminal was opened by key 1." }],
    ]);
    expect(here.terminals.meet("t1", id, "its runner")).toBe(true);
    expect(await runner).toBe("its runner");
    close();
    close();
    expect(here.noted).toEqual(["The terminal of key 1 was closed."]);
  });

  it("is met by a runner of its own task, once, and by no other", async () => {
    const here = place();
    const { id, runner } = await open(here);
    expect(here.terminals.meet("t2", id, "another's")).toBe(false);
    expect(here.terminals.meet("t1", "unknown", "its runner")).toBe(false);
    expect(here.terminals.meet("t1", id, "its runner")).toBe(true);
    expect(here.terminals.meet("t1", id, "again")).toBe(false);
    expect(await runner).toBe("its runner");
  });

  it.each<[Said, string]>([
    ["not_found", "not_found"],
    ["not_running", "conflict"],
    ["over", "task_finished"],
  ])("is refused when the store says %s", async (said, code) => {
    await expect(open(place(said))).rejects.toMatchObject({ code });
  });

  it("is not waited for without end", async () => {
    const here = place();
    const { id, runner } = await open(here);
    here.timeIsUp();
    expect(await runner).toBeNull();
    expect(here.terminals.meet("t1", id, "too late")).toBe(false);
  });

  it("is one of eight in a task; a closed one makes room", async () => {
    const here = place();
    const all = await Promise.all(Array.from({ length: 8 }, () => open(here)));
    await expect(open(here)).rejects.toMatchObject({ code: "conflict" });
    all[0]?.close();
    await open(here);
  });
});

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { UserInput } from "@agency/core";
import { afterEach, describe, expect, it } from "vitest";
import { appeared, createStages, endOf, eventsOf, readRun } from "./engine-stages.ts";
import type { OpenEngine } from "./engine-stages.ts";

/** What every Engine promises, whatever program is behind it. */
export function engineSuite(name: string, open: OpenEngine): void {
  const stages = createStages(open);

  describe(`${name} as an Engine`, () => {
    afterEach(() => stages.clear());

    it("does the work in the workspace, and ends when it was told that nothing more comes", async () => {
      const { run, input, file } = await stages.begin([
        { do: "write", path: "hello.txt", text: "hello\n" },
        { do: "say", text: "Done." },
      ]);
      await run.finish();
      const events = await readRun(run);
      expect(await readFile(file("hello.txt"), "utf8")).toBe("hello\n");
      expect(eventsOf(events, "turn_end").map((turn) => [turn.inputIds, turn.stop])).toEqual([
        [[input.id], "completed"],
      ]);
      expect(endOf(events)).toMatchObject({ outcome: "completed" });
    });

    it("gives a reader that comes late everything, in order", async () => {
      const { run, file } = await stages.begin([
        { do: "write", path: "done.txt", text: "" },
        { do: "say", text: "Done." },
      ]);
      await run.finish();
      await appeared(file("done.txt"));
      expect(endOf(await readRun(run))).toMatchObject({ outcome: "completed" });
    });

    it("says what failed, and fails", async () => {
      const { run, input } = await stages.begin([{ do: "fail" }]);
      await run.finish();
      const events = await readRun(run);
      expect(eventsOf(events, "error").length).toBeGreaterThan(0);
      expect(eventsOf(events, "turn_end").map((turn) => [turn.inputIds, turn.stop])).toEqual([
        [[input.id], "error"],
      ]);
      const [error] = eventsOf(events, "error");
      expect(endOf(events)).toMatchObject({ outcome: "failed", errorClass: error?.class });
    });

    it("leaves no process behind, not even one that went its own way", async () => {
      const { run, livingProcesses } = await stages.begin([{ do: "leave" }, { do: "say", text: "Done." }]);
      await run.finish();
      await readRun(run);
      expect(livingProcesses()).toBe(0);
    });

    it("is killed in the middle of its work", async () => {
      const { run, input, file, livingProcesses } = await stages.begin([{ do: "wait" }]);
      const events = readRun(run);
      await appeared(file("started"));
      await Promise.all([run.kill(), run.kill()]);
      expect(livingProcesses()).toBe(0);
      expect(endOf(await events)).toMatchObject({ outcome: "killed" });
      expect(eventsOf(await events, "turn_end").map((turn) => turn.inputIds)).toEqual([[input.id]]);
    });

    it("is killed before it could begin", async () => {
      const { run } = await stages.begin([{ do: "wait" }]);
      await run.kill();
      expect(endOf(await readRun(run))).toMatchObject({ outcome: "killed" });
    });

    it("is killed though nobody reads what it says", async () => {
      const { run, file } = await stages.begin([{ do: "wait" }]);
      await appeared(file("started"));
      await run.kill();
      expect(endOf(await readRun(run))).toMatchObject({ outcome: "killed" });
    });

    it("stops its turn when interrupted, however often", async () => {
      const { run, input, file } = await stages.begin([{ do: "wait" }]);
      const events = readRun(run);
      await appeared(file("started"));
      await Promise.all([run.interrupt(), run.interrupt()]);
      await run.finish();
      const turns = eventsOf(await events, "turn_end");
      expect(turns.map((turn) => [turn.inputIds, turn.stop])).toEqual([[[input.id], "interrupted"]]);
      expect(endOf(await events)).toMatchObject({ outcome: "interrupted" });
    });

    it("takes everything calmly after its end, except more input", async () => {
      const { run, input } = await stages.begin([{ do: "say", text: "Done." }]);
      await run.finish();
      const events = await readRun(run);
      await run.interrupt();
      await run.finish();
      await run.kill();
      await expect(run.send({ id: "late", text: "too late" }, "steer")).rejects.toMatchObject({
        code: "conflict",
      });
      expect(eventsOf(events, "turn_end").flatMap((turn) => turn.inputIds)).toEqual([input.id]);
    });

    it("refuses input once it was told that nothing more comes", async () => {
      const { run, file } = await stages.begin([{ do: "wait" }]);
      const events = readRun(run);
      await appeared(file("started"));
      await run.finish();
      await expect(run.send({ id: "late", text: "too late" }, "next_turn")).rejects.toMatchObject({
        code: "conflict",
      });
      await writeFile(file("go"), "");
      expect(eventsOf(await events, "turn_end").flatMap((turn) => turn.inputIds)).not.toContain("late");
    });

    it("takes a message in the middle of a turn", async () => {
      const { run, engine, input, file } = await stages.begin([{ do: "wait" }, { do: "say", text: "Done." }]);
      expect(engine.capabilities.midTurnInput).toBe(true);
      const events = readRun(run);
      await appeared(file("started"));
      await run.send({ id: "steer-1", text: "Mind the gap." }, "steer");
      await writeFile(file("go"), "");
      await run.finish();
      const taken = eventsOf(await events, "turn_end").flatMap((turn) => turn.inputIds);
      expect(taken.toSorted()).toEqual([input.id, "steer-1"].toSorted());
      expect(endOf(await events)).toMatchObject({ outcome: "completed" });
    });

    it("says that the workspace is missing instead of throwing", async () => {
      const under = await stages.open([{ do: "say", text: "Done." }]);
      const [input] = under.inputs as [UserInput];
      const run = under.engine.start(input, { ...under.options, cwd: join(under.options.cwd, "missing") });
      const events = await readRun(run);
      expect(eventsOf(events, "error")).toMatchObject([{ class: "config" }]);
      expect(endOf(events)).toMatchObject({ outcome: "failed", errorClass: "config" });
    });

    it("says that there is no session to resume", async () => {
      const under = await stages.open([{ do: "say", text: "Done." }]);
      const [input] = under.inputs as [UserInput];
      const resume = { sessionId: "00000000-0000-4000-8000-000000000000" };
      const { sessionId: _, ...options } = under.options;
      const events = await readRun(under.engine.start(input, { ...options, resume }));
      expect(eventsOf(events, "error")).toHaveLength(1);
      expect(endOf(events)).toMatchObject({ outcome: "failed" });
    });

    it("probes without throwing", async () => {
      const under = await stages.open();
      expect(await under.engine.probe()).toMatchObject({ problems: [] });
    });
  });
}

/** What engines promise that keep their process, and their session, from one turn to the next. */
export function sessionSuite(name: string, open: OpenEngine): void {
  const stages = createStages(open);

  describe(`${name} as an Engine with sessions`, () => {
    afterEach(() => stages.clear());

    it("plays queued inputs one after the other, each a turn of its own", async () => {
      const { run, input, second, file } = await stages.begin(
        [{ do: "wait" }],
        [{ do: "write", path: "second.txt", text: "2" }],
      );
      const events = readRun(run);
      await appeared(file("started"));
      await run.send(second, "next_turn");
      await run.finish();
      await writeFile(file("go"), "");
      expect(eventsOf(await events, "turn_end").map((turn) => [turn.inputIds, turn.stop])).toEqual([
        [[input.id], "completed"],
        [[second.id], "completed"],
      ]);
      expect(await readFile(file("second.txt"), "utf8")).toBe("2");
    });

    it("goes on in the same session after an interrupt", async () => {
      const { run, input, second, file } = await stages.begin(
        [{ do: "wait" }],
        [{ do: "say", text: "Again." }],
      );
      const events = readRun(run);
      await appeared(file("started"));
      await run.interrupt();
      await run.send(second, "next_turn");
      await run.finish();
      expect(eventsOf(await events, "turn_end").map((turn) => [turn.inputIds, turn.stop])).toEqual([
        [[input.id], "interrupted"],
        [[second.id], "completed"],
      ]);
      expect(endOf(await events)).toMatchObject({ outcome: "completed" });
    });

    it("carries a session to another home and resumes it there", async () => {
      const { engine, run, second, options } = await stages.begin(
        [{ do: "say", text: "First." }],
        [{ do: "say", text: "Second." }],
      );
      await run.finish();
      const before = await readRun(run);
      const bundle = await run.exportSession();
      const { sessionId: _, ...rest } = options;
      const home = join(options.home, "elsewhere");
      await engine.importSession(bundle, { home, cwd: rest.cwd });
      const resumed = engine.start(second, { ...rest, home, resume: { sessionId: bundle.sessionId } });
      await resumed.finish();
      const after = await readRun(resumed);
      expect(eventsOf(before, "session")).toMatchObject([{ sessionId: bundle.sessionId, resumed: false }]);
      expect(eventsOf(after, "session")).toMatchObject([{ sessionId: bundle.sessionId, resumed: true }]);
      expect(endOf(after)).toMatchObject({ outcome: "completed" });
    });
  });
}

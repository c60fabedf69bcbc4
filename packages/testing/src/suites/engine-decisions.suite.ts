import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Question } from "@agency/contract";
import type { EngineStart, GateDecision, ToolCall } from "@agency/core";
import { afterEach, describe, expect, it } from "vitest";
import { appeared, createStages, endOf, eventsOf, readRun } from "./engine-stages.ts";
import type { Deed, OpenEngine } from "./engine-stages.ts";

/** Somebody who is asked and never answers; resolves with what was asked, and tells whether anybody still waits. */
function nobody<T>(): {
  asked: Promise<T>;
  ask(what: T, signal: AbortSignal): Promise<never>;
  signal(): AbortSignal;
} {
  const asked = Promise.withResolvers<T>();
  let given: AbortSignal | undefined;
  return {
    asked: asked.promise,
    ask(what, signal) {
      given = signal;
      asked.resolve(what);
      return Promise.withResolvers<never>().promise;
    },
    signal() {
      if (given === undefined) throw new Error("Nobody was asked.");
      return given;
    },
  };
}

/** What engines promise that ask before each tool call. */
export function gateSuite(name: string, open: OpenEngine): void {
  const stages = createStages(open);
  const writing: Deed[] = [
    { do: "write", path: "hello.txt", text: "hello\n" },
    { do: "say", text: "Done." },
  ];

  describe(`${name} as an Engine with a gate`, () => {
    afterEach(() => stages.clear());

    it("runs a call once it is allowed, and says before what it is about", async () => {
      const calls: ToolCall[] = [];
      const decided = Promise.withResolvers<GateDecision>();
      const asked = Promise.withResolvers<void>();
      const gate = (call: ToolCall): Promise<GateDecision> => {
        calls.push(call);
        asked.resolve();
        return decided.promise;
      };
      const { run, file } = await stages.beginWith({ gate }, writing);
      await run.finish();
      const events = readRun(run);
      await asked.promise;
      expect(existsSync(file("hello.txt"))).toBe(false);
      decided.resolve({ allow: true });
      expect(endOf(await events)).toMatchObject({ outcome: "completed" });
      expect(await readFile(file("hello.txt"), "utf8")).toBe("hello\n");
      expect(calls).toMatchObject([{ kind: "edit", title: "hello.txt" }]);
      expect(eventsOf(await events, "tool_end").map(({ id }) => id)).toEqual(calls.map(({ id }) => id));
    });

    it("does not run a call that is refused, tells the agent why, and goes on", async () => {
      const gate = async (): Promise<GateDecision> => ({ allow: false, reason: "Files are not yours." });
      const { run, file } = await stages.beginWith({ gate }, writing);
      await run.finish();
      const events = await readRun(run);
      expect(existsSync(file("hello.txt"))).toBe(false);
      expect(eventsOf(events, "tool_end")).toMatchObject([
        { status: "denied", output: expect.stringContaining("Files are not yours.") },
      ]);
      expect(eventsOf(events, "text").map(({ text }) => text)).toContain("Done.");
      expect(endOf(events)).toMatchObject({ outcome: "completed" });
    });

    it.each(["kill", "interrupt"] as const)("does not hang on a %s while a call waits", async (how) => {
      const waiting = nobody<ToolCall>();
      const { run, file } = await stages.beginWith({ gate: waiting.ask }, writing);
      const events = readRun(run);
      await waiting.asked;
      await run[how]();
      await run.finish();
      expect(endOf(await events)).toMatchObject({ outcome: how === "kill" ? "killed" : "interrupted" });
      expect(waiting.signal().aborted).toBe(true);
      expect(existsSync(file("hello.txt"))).toBe(false);
      expect(eventsOf(await events, "tool_end")).toMatchObject([{ status: "aborted" }]);
    });
  });
}

/** Somebody who answers when the test says so. */
function somebody(): {
  ask: NonNullable<EngineStart["ask"]>;
  asked: Promise<Question[]>;
  answer: (answers: string[][] | null) => void;
} {
  const asked = Promise.withResolvers<Question[]>();
  const answered = Promise.withResolvers<string[][] | null>();
  const ask: EngineStart["ask"] = (_id, questions) => {
    asked.resolve(questions);
    return answered.promise;
  };
  return { ask, asked: asked.promise, answer: answered.resolve };
}

/** What engines promise that put questions to a person. */
export function questionSuite(name: string, open: OpenEngine): void {
  const stages = createStages(open);
  const question: Question = {
    text: "Which color?",
    header: "Color",
    choices: [{ label: "Red" }, { label: "Blue" }],
    multiple: false,
  };
  const asking: Deed[] = [
    { do: "ask", question },
    { do: "write", path: "after.txt", text: "" },
  ];

  describe(`${name} as an Engine with questions`, () => {
    afterEach(() => stages.clear());

    it("puts the agent's question, and gives it the answer", async () => {
      const { ask, asked, answer } = somebody();
      const { run, file } = await stages.beginWith({ ask }, asking);
      const events = readRun(run);
      expect(await asked).toMatchObject([question]);
      // That nothing more comes is not said of the answer.
      await run.finish();
      answer([["neither, but teal"]]);
      expect(JSON.stringify(await events)).toContain("neither, but teal");
      expect(existsSync(file("after.txt"))).toBe(true);
      expect(endOf(await events)).toMatchObject({ outcome: "completed" });
    });

    it("goes on when nobody answers", async () => {
      const { ask, asked, answer } = somebody();
      const { run, file } = await stages.beginWith({ ask }, asking);
      const events = readRun(run);
      await asked;
      await run.finish();
      answer(null);
      expect(endOf(await events)).toMatchObject({ outcome: "completed" });
      expect(existsSync(file("after.txt"))).toBe(true);
    });

    it("goes on when there is nobody to ask", async () => {
      const { run, file } = await stages.begin(asking);
      const events = readRun(run);
      await appeared(file("after.txt"));
      await run.finish();
      expect(endOf(await events)).toMatchObject({ outcome: "completed" });
    });

    it.each(["kill", "interrupt"] as const)("does not hang on a %s while a question is open", async (how) => {
      const waiting = nobody<Question[]>();
      const ask: EngineStart["ask"] = (_id, questions, signal) => waiting.ask(questions, signal);
      const { run, file } = await stages.beginWith({ ask }, asking);
      const events = readRun(run);
      await waiting.asked;
      await run[how]();
      await run.finish();
      expect(endOf(await events)).toMatchObject({ outcome: how === "kill" ? "killed" : "interrupted" });
      expect(waiting.signal().aborted).toBe(true);
      expect(existsSync(file("after.txt"))).toBe(false);
    });
  });
}

import { existsSync, watch } from "node:fs";
import { basename, dirname, join } from "node:path";
import { runnerEventBodySchema } from "@agency/contract";
import type { Question } from "@agency/contract";
import type { Engine, EngineEnd, EngineEvent, EngineRun, EngineStart, UserInput } from "@agency/core";
import { expect } from "vitest";

/** What the agent does in a test, in no engine's own words: a harness makes a script, or a program, of it. */
export type Deed =
  | { do: "say"; text: string }
  | { do: "write"; path: string; text: string }
  /** Makes the file `started` and then waits until the file `go` is there, which may be never. */
  | { do: "wait" }
  /** Puts a question to a person, and goes on when it is answered or nobody answers. */
  | { do: "ask"; question: Question }
  /** Leaves a process behind that goes on by itself. */
  | { do: "leave" }
  /** Fails in a way that ends the turn with an error. */
  | { do: "fail" };

export interface EngineUnderTest {
  engine: Engine;
  /** One input a turn. A kill-only engine has one turn, and only the first is asked for. */
  inputs: UserInput[];
  options: EngineStart;
  /** Processes of the run that are alive, by whatever it takes to find them. */
  readonly livingProcesses: () => number;
  close(): Promise<void>;
}

/** One list of deeds a turn. */
export type OpenEngine = (turns: readonly (readonly Deed[])[]) => Promise<EngineUnderTest>;

const BEFORE_SESSION = new Set(["session", "activity", "notice", "log", "error", "end"]);

/** Reads a run to its end and checks the rules that hold for every run of every engine. */
export async function readRun(run: EngineRun): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  for await (const event of run) events.push(event);
  checkRules(events);
  return events;
}

export function eventsOf<T extends EngineEvent["type"]>(
  events: readonly EngineEvent[],
  type: T,
): Extract<EngineEvent, { type: T }>["data"][] {
  return events.flatMap((event) => (event.type === type ? [event.data as never] : []));
}

export function endOf(events: readonly EngineEvent[]): EngineEnd["data"] {
  const last = events.at(-1);
  if (last?.type !== "end") throw new Error(`The run ended with ${last?.type ?? "nothing"}.`);
  return last.data;
}

function checkRules(events: readonly EngineEvent[]): void {
  expect(events.map(({ type }) => type).indexOf("end")).toBe(events.length - 1);
  for (const event of events)
    if (event.type !== "end" && event.type !== "engine_usage")
      expect({ event, issues: runnerEventBodySchema.safeParse(event).error?.issues ?? [] }).toMatchObject({
        issues: [],
      });
  const session = events.findIndex(({ type }) => type === "session");
  const early = events.slice(0, session === -1 ? undefined : session).map(({ type }) => type);
  expect(early.filter((type) => !BEFORE_SESSION.has(type))).toEqual([]);
  expect(eventsOf(events, "session").length).toBeLessThanOrEqual(1);
  const started = eventsOf(events, "tool_start").map(({ id }) => id);
  expect(
    eventsOf(events, "tool_end")
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(started.toSorted());
  const keys = eventsOf(events, "engine_usage").map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
}

/** Resolves when the file is there, or when the signal aborts. */
export async function appeared(path: string, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const watcher = watch(dirname(path), (_event, name) => {
      if (name === basename(path)) settle();
    });
    const settle = (): void => {
      watcher.close();
      resolve();
    };
    watcher.on("error", reject);
    signal?.addEventListener("abort", settle, { once: true });
    // It may have been there before the watch began.
    if (existsSync(path)) settle();
  });
}

export interface Stage extends EngineUnderTest {
  run: EngineRun;
  input: UserInput;
  /** Input of the second turn. */
  second: UserInput;
  readonly file: (name: string) => string;
}

export interface Stages {
  /** Starts the engine on its first input. */
  begin(...turns: Deed[][]): Promise<Stage>;
  beginWith(more: Partial<EngineStart>, ...turns: Deed[][]): Promise<Stage>;
  open(...turns: Deed[][]): Promise<EngineUnderTest>;
  clear(): Promise<void>;
}

export function createStages(openEngine: OpenEngine): Stages {
  const opened: EngineUnderTest[] = [];
  const open = async (...turns: Deed[][]): Promise<EngineUnderTest> => {
    const under = await openEngine(turns);
    opened.push(under);
    return under;
  };
  const beginWith: Stages["beginWith"] = async (more, ...turns) => {
    const under = await open(...turns);
    const [input, second = { id: "none", text: "" }] = under.inputs;
    if (input === undefined) throw new Error("The harness gave no input for the first turn.");
    const run = under.engine.start(input, { ...under.options, ...more });
    return { ...under, run, input, second, file: (name) => join(under.options.cwd, name) };
  };
  return {
    open,
    beginWith,
    begin: (...turns) => beginWith({}, ...turns),
    clear: async () => {
      for (const under of opened.splice(0)) {
        expect(under.livingProcesses(), "processes of the run are left").toBe(0);
        await under.close();
      }
    },
  };
}

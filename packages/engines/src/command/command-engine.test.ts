import { readFileSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Deed, OpenEngine } from "@agency/testing";
import { appeared, endOf, engineSuite, eventsOf, questionSuite, readRun } from "@agency/testing";
import type { EngineEvent, EngineStart } from "@agency/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { readProcessTable, wasStartedWith } from "../shared/process-table.ts";
import { realClock } from "../testing/real-clock.ts";
import { createRunFolder, LIMITS } from "../testing/run-folder.ts";
import type { RunFolder } from "../testing/run-folder.ts";
import { createCommandEngine } from "./command-engine.ts";

const engine = createCommandEngine({ clock: realClock });

function toShell(deed: Deed): string {
  switch (deed.do) {
    case "say":
      return `echo '${deed.text}'`;
    case "write":
      return `printf '%s' '${deed.text}' > '${deed.path}'`;
    case "wait":
      return "touch started; until [ -e go ]; do sleep 0.02; done";
    case "ask":
      return `echo '::agency::${JSON.stringify({ type: "ask", id: "q1", questions: [deed.question] })}'; read -r answer; echo "$answer"`;
    case "leave":
      return "setsid tail -f /dev/null & env -u AGENCY_ENGINE_RUN tail -f /dev/null &";
    case "fail":
      return "exit 3";
  }
}

const open: OpenEngine = async (turns) => {
  const folder = await createRunFolder();
  return {
    engine,
    inputs: [{ id: "first", text: "Do it." }],
    options: {
      cwd: folder.cwd,
      home: folder.home,
      env: { ...folder.env, AGENCY_STDIN: "messages" },
      modelApis: {},
      command: (turns[0] ?? []).map((deed) => toShell(deed)).join("\n"),
      limits: { ...LIMITS, drainMs: 50 },
    },
    livingProcesses: folder.livingProcesses,
    close: () => folder.remove(),
  };
};

engineSuite("The command engine", open);
questionSuite("The command engine", open);

describe("the command engine", () => {
  const folders: RunFolder[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await folder.clear();
  });

  async function start(command: string, more: { prompt?: string; options?: Partial<EngineStart> } = {}) {
    const folder = await createRunFolder();
    folders.push(folder);
    const { env = {}, ...rest } = more.options ?? {};
    const run = engine.start(
      { id: "first", text: more.prompt ?? "Do it." },
      {
        cwd: folder.cwd,
        home: folder.home,
        command,
        modelApis: {},
        limits: LIMITS,
        ...rest,
        env: { ...folder.env, ...env },
      },
    );
    return { run, folder };
  }

  async function eventsOfCommand(
    command: string,
    more: Parameters<typeof start>[1] = {},
  ): Promise<EngineEvent[]> {
    const { run } = await start(command, more);
    await run.finish();
    return readRun(run);
  }

  const logText = (events: readonly EngineEvent[]): string[] =>
    eventsOf(events, "log").map(({ text }) => text);

  it("gives the prompt in a variable and in a file", async () => {
    const events = await eventsOfCommand('echo "$AGENCY_PROMPT"; cat "$AGENCY_PROMPT_FILE"', {
      prompt: "Fix it,\nplease",
    });
    expect(logText(events).join("\n")).toBe("Fix it,\nplease\nFix it,\nplease");
  });

  it("gives a prompt that is too large for a variable, or holds a NUL, in the file only", async () => {
    const command = 'echo "[$AGENCY_PROMPT]"; wc -c < "$AGENCY_PROMPT_FILE"';
    const large = await eventsOfCommand(command, { prompt: "x".repeat(1024 * 1024) });
    expect(logText(large).join("\n").split(/\s+/u)).toEqual(["[]", "1048576"]);
    const withNul = await eventsOfCommand(command, { prompt: "a\0b" });
    expect(logText(withNul).join("\n").split(/\s+/u)).toEqual(["[]", "3"]);
  });

  it("inherits nothing of the environment it runs in", async () => {
    process.env["AGENCY_SECRET_OF_THE_RUNNER"] = "secret";
    const events = await eventsOfCommand("env", { options: { env: { MINE: "yes" } } });
    delete process.env["AGENCY_SECRET_OF_THE_RUNNER"];
    const names = logText(events)
      .join("\n")
      .split("\n")
      .map((line) => line.split("=")[0]);
    expect(names).toContain("MINE");
    expect(names).not.toContain("AGENCY_SECRET_OF_THE_RUNNER");
  });

  it("gives an empty standard input, so that programs which read it do not wait", async () => {
    const events = await eventsOfCommand("cat; echo done");
    expect(logText(events)).toEqual(["done"]);
  });

  it("turns typed lines into events, in order with what is said around them", async () => {
    const events = await eventsOfCommand(
      [
        "echo before",
        `echo '::agency::{"type":"phase","data":{"name":"build","status":"started"}}'`,
        `echo '::agency::{"type":"tool_start","data":{"id":"t1","name":"make","kind":"execute","input":{}}}'`,
        "echo between",
        `echo '::agency::{"type":"progress","data":{"done":1,"total":2}}'`,
        "echo after",
      ].join("\n"),
    );
    const said = events.filter(({ type }) => type !== "session" && type !== "turn_end" && type !== "end");
    expect(said).toMatchObject([
      { type: "log", data: { stream: "stdout", text: "before" } },
      { type: "phase", data: { name: "build" } },
      { type: "tool_start", data: { id: "t1" } },
      { type: "log", data: { text: "between" } },
      { type: "progress", data: { done: 1, total: 2 } },
      { type: "log", data: { text: "after" } },
      { type: "tool_end", data: { id: "t1", status: "aborted" } },
    ]);
  });

  it("keeps wrong typed lines as log, and says so once", async () => {
    const lines = [
      "::agency::not json",
      '::agency::{"type":"nonsense","data":{}}',
      '::agency::{"type":"usage","data":{"key":"k","model":"m","input":1,"output":1,"cacheRead":0,"cacheWrite":0,"costUsd":9,"totalCostUsd":9}}',
      '::agency::{"type":"turn_end","data":{"inputIds":["first"],"stop":"completed","text":""}}',
      '::agency::{"type":"session","data":{"engine":"x","engineVersion":"1","sessionId":"s","model":"m","resumed":false}}',
      "::agency::",
    ];
    const events = await eventsOfCommand(`cat <<'END'\n${lines.join("\n")}\nEND`);
    expect(logText(events).join("\n")).toBe(lines.join("\n"));
    expect(eventsOf(events, "notice")).toHaveLength(1);
    expect(eventsOf(events, "session")).toMatchObject([{ engine: "command" }]);
    expect(eventsOf(events, "turn_end")).toMatchObject([{ inputIds: ["first"], stop: "completed" }]);
  });

  it("hands messages to a program that asked for them, and its end of input when nothing more comes", async () => {
    const { run, folder } = await start(
      'echo ready > ready; while read -r line; do printf "got %s\\n" "$line"; done; echo eof',
      {
        options: { env: { AGENCY_STDIN: "messages" } },
      },
    );
    const events = readRun(run);
    await appeared(join(folder.cwd, "ready"));
    await run.send({ id: "m1", text: 'Mind "this"\n' }, "steer");
    await run.finish();
    const [message, eof] = logText(await events)
      .join("\n")
      .split("\n");
    expect(message).toMatch(/^got ::agency::\{/u);
    expect(JSON.parse(message?.replace("got ::agency::", "") ?? "")).toEqual({
      type: "message",
      data: { id: "m1", text: 'Mind "this"\n', mode: "steer" },
    });
    expect(eof).toBe("eof");
  });

  it("gives the addresses of the model APIs, and what opens them, under the names that libraries read", async () => {
    const names = "$ANTHROPIC_BASE_URL $ANTHROPIC_API_KEY $OPENAI_BASE_URL $OPENAI_API_KEY";
    const events = await eventsOfCommand(`echo "${names}"`, {
      options: {
        env: { OPENAI_API_KEY: "real" },
        modelApis: {
          anthropic: { baseUrl: "http://127.0.0.1:1/model/anthropic", key: "placeholder-a" },
          openai: { baseUrl: "http://127.0.0.1:1/model/openai", key: "placeholder-o" },
        },
      },
    });
    expect(logText(events)).toEqual([
      "http://127.0.0.1:1/model/anthropic placeholder-a http://127.0.0.1:1/model/openai/v1 placeholder-o",
    ]);
  });

  const ASK = `echo '::agency::{"type":"ask","id":"q1","questions":[{"text":"Which?"}]}'`;
  const withAnswers = (
    ask: EngineStart["ask"],
    env: Record<string, string> = { AGENCY_STDIN: "messages" },
  ) => ({
    options: { env, ...(ask === undefined ? {} : { ask }) },
  });

  it.each([
    ["what was answered", async () => [["this one", "that one"]], [["this one", "that one"]]],
    ["that nobody answers", async () => null, null],
    ["that there is nobody to ask", undefined, null],
    ["that asking failed", () => Promise.reject(new Error("broken")), null],
  ])("tells a program that asks %s", async (_, ask, answers) => {
    const { run } = await start(`${ASK}; read -r line; echo "got $line"`, withAnswers(ask));
    const events = await readRun(run);
    const got = logText(events).join("\n");
    expect(got).toMatch(/^got ::agency::/u);
    expect(JSON.parse(got.replace("got ::agency::", ""))).toEqual({ type: "answer", id: "q1", answers });
  });

  it("does not ask for a program that could not read the answer, or asks twice at once", async () => {
    const asked: string[] = [];
    const ask: EngineStart["ask"] = (id) => {
      asked.push(id);
      return Promise.withResolvers<null>().promise;
    };
    const deaf = await eventsOfCommand(ASK, withAnswers(ask, {}));
    expect(asked).toEqual([]);
    expect(eventsOf(deaf, "notice")).toMatchObject([
      { text: expect.stringContaining("AGENCY_STDIN=messages") },
    ]);
    const { run } = await start(`${ASK}; ${ASK}`, withAnswers(ask));
    const twice = await readRun(run);
    expect(asked).toEqual(["q1"]);
    expect(eventsOf(twice, "notice")).toHaveLength(1);
    expect(logText(twice).join("")).toContain('"type":"ask"');
  });

  const COUNT = "i=0; while :; do i=$((i+1)); echo $i > ";
  const PAUSABLE = `setsid sh -c '${COUNT}away; sleep 0.01; done' & ${COUNT}here; touch started; sleep 0.01; done`;
  const stateOf = (mark: string): string[] =>
    readProcessTable()
      .filter(({ pid }) => wasStartedWith(pid, `AGENCY_TEST_RUN=${mark}`))
      .map(({ pid }) => readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.[0] ?? "");

  it("stops all of a program where it stands, and lets it go on", async () => {
    const { run, folder } = await start(PAUSABLE);
    const events = readRun(run);
    await Promise.all([appeared(join(folder.cwd, "started")), appeared(join(folder.cwd, "away"))]);
    run.pause();
    run.pause();
    const mark = folder.env["AGENCY_TEST_RUN"] ?? "";
    // One that was about to start another stands in D until that one, stopped before it, goes on.
    const isMoving = (state: string): boolean => state !== "T" && state !== "D";
    await vi.waitFor(() => expect(stateOf(mark).filter(isMoving)).toEqual([]), { interval: 5 });
    expect(stateOf(mark).length).toBeGreaterThanOrEqual(2);
    await rm(join(folder.cwd, "started"));
    run.unpause();
    await appeared(join(folder.cwd, "started"));
    expect(stateOf(mark)).not.toContain("T");
    await run.kill();
    expect(endOf(await events)).toMatchObject({ outcome: "killed" });
  });

  it("ends a program that is paused, and lets it say goodbye", async () => {
    const { run, folder } = await start(
      "trap 'echo bye; exit 5' TERM; touch started; while :; do sleep 0.01; done",
    );
    const events = readRun(run);
    await appeared(join(folder.cwd, "started"));
    run.pause();
    await run.kill();
    run.unpause();
    expect(logText(await events)).toContain("bye");
    expect(endOf(await events)).toMatchObject({ outcome: "killed", exitCode: 5 });
  });

  it("is paused before it has begun", async () => {
    const { run } = await start("echo done");
    run.pause();
    const events = readRun(run);
    run.unpause();
    expect(endOf(await events)).toMatchObject({ outcome: "completed" });
  });

  it("refuses a message for a program that reads none", async () => {
    const { run, folder } = await start("touch started; until [ -e go ]; do sleep 0.02; done");
    const events = readRun(run);
    await appeared(join(folder.cwd, "started"));
    await expect(run.send({ id: "m1", text: "hello" }, "steer")).rejects.toMatchObject({
      code: "unsupported_option",
    });
    await writeFile(join(folder.cwd, "go"), "");
    expect(eventsOf(await events, "turn_end").map(({ inputIds }) => inputIds)).toEqual([["first"]]);
  });

  it("tells the exit code of a failure", async () => {
    const events = await eventsOfCommand("echo no >&2; exit 7");
    expect(eventsOf(events, "error")).toMatchObject([
      { class: "engine_crash", message: "The command ended with exit code 7." },
    ]);
    expect(endOf(events)).toMatchObject({ outcome: "failed", errorClass: "engine_crash", exitCode: 7 });
    expect(eventsOf(events, "log")).toEqual([{ stream: "stderr", text: "no" }]);
  });

  it("ends a program that ignores being asked", async () => {
    const { run, folder } = await start("trap '' TERM; touch started; while :; do sleep 0.02; done", {
      options: { limits: { ...LIMITS, killGraceMs: 100 } },
    });
    const events = readRun(run);
    await appeared(join(folder.cwd, "started"));
    await run.kill();
    expect(endOf(await events)).toMatchObject({ outcome: "killed", signal: "SIGKILL" });
  });

  it("waits for what the command left running, but not for ever", async () => {
    const events = await eventsOfCommand("(sleep 0.1; echo late) & echo early", {});
    expect(logText(events)).toEqual(["early", "late"]);
    const cut = await eventsOfCommand("tail -f /dev/null & echo early", {
      options: { limits: { ...LIMITS, drainMs: 50 } },
    });
    expect(eventsOf(cut, "notice")).toHaveLength(1);
    expect(endOf(cut)).toMatchObject({ outcome: "completed" });
  });

  it("passes on 100,000 events and a 10 MB line complete, in order and in little memory", async () => {
    const program = `
      for (let i = 0; i < 100000; i++)
        process.stdout.write('::agency::{"type":"progress","data":{"done":' + i + ',"total":100000}}\\n');
      process.stdout.write("x".repeat(10 * 1024 * 1024) + "\\nlast\\n");`;
    const { run, folder } = await start(`"$NODE" "$HOME/program.mjs"`, {
      options: { env: { NODE: process.execPath } },
    });
    await writeFile(join(folder.home, "program.mjs"), program);
    await run.finish();
    let next = 0;
    let lineBytes = 0;
    const rest: string[] = [];
    const before = process.memoryUsage().rss;
    let peak = before;
    for await (const event of run) {
      if (event.type === "progress") {
        expect(event.data.done).toBe(next);
        next += 1;
      }
      if (event.type === "log") {
        if (event.data.truncated === true) lineBytes += event.data.text.length;
        else rest.push(event.data.text);
      }
      if (next % 5000 === 0) peak = Math.max(peak, process.memoryUsage().rss);
    }
    expect(next).toBe(100_000);
    const [lineEnd = "", end] = rest.join("\n").split("\n");
    expect(lineBytes + lineEnd.length).toBe(10 * 1024 * 1024);
    expect(end).toBe("last");
    expect(peak - before).toBeLessThan(100 * 1024 * 1024);
  });

  it("holds the program back while nobody reads", async () => {
    const { run, folder } = await start(
      'i=0; while [ $i -lt 20000 ]; do echo "::agency::{\\"type\\":\\"progress\\",\\"data\\":{\\"done\\":$i,\\"total\\":1}}"; i=$((i+1)); done; touch written',
    );
    await run.finish();
    const reader = run[Symbol.asyncIterator]();
    await reader.next();
    // It has far more to say than pipe and queue hold, so it cannot be done before it is read.
    await expect(readFile(join(folder.cwd, "written"))).rejects.toMatchObject({ code: "ENOENT" });
    let count = 0;
    for (let item = await reader.next(); item.done !== true; item = await reader.next())
      if (item.value.type === "progress") count += 1;
    expect(count).toBe(20_000);
  });
});

import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createScriptedModel } from "../scripted-model.ts";
import { createTinyEngine } from "../testing/tiny-engine.ts";
import type { Answer, TinyEngine } from "../testing/tiny-engine.ts";
import { demoScript } from "./demo-script.ts";

let workspace = "";

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), "agency-scripted-demo-"));
});

afterEach(async () => {
  await rm(workspace, { recursive: true, force: true });
});

/** Really does what the model asks for, with the rule real engines have: no overwriting of what was not read. */
async function act({ name, input }: Answer["calls"][number]): Promise<{ text: string; isError: boolean }> {
  const field = (key: string): string => String(input[key]);
  switch (name) {
    case "Bash": {
      const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` };
      const run = spawnSync("/bin/sh", ["-c", field("command")], { cwd: workspace, env, encoding: "utf8" });
      return { text: `${run.stdout}${run.stderr}`, isError: run.status !== 0 };
    }
    case "Write":
      await mkdir(dirname(field("file_path")), { recursive: true });
      return settle(writeFile(field("file_path"), field("content"), { flag: "wx" }), "File created");
    case "Edit": {
      const before = await readFile(field("file_path"), "utf8");
      await writeFile(
        field("file_path"),
        before.replace(field("old_string"), () => field("new_string")),
      );
      return { text: "updated", isError: before.split(field("old_string")).length !== 2 };
    }
    default:
      return { text: await readFile(field("file_path"), "utf8"), isError: false };
  }
}

async function settle(work: Promise<void>, text: string): Promise<{ text: string; isError: boolean }> {
  return work.then(
    () => ({ text, isError: false }),
    (error: unknown) => ({ text: String(error), isError: true }),
  );
}

interface Run {
  engine: TinyEngine;
  said: string[];
  shown: { command: unknown; text: string; isError: boolean }[];
}

/** Runs a turn to its end; a person may speak up while one of the answers is being worked on. */
async function runTurn(
  engine: TinyEngine,
  prompt: string,
  { steering = {}, doing = act }: { steering?: Record<number, string>; doing?: typeof act } = {},
): Promise<Run> {
  const run: Run = { engine, said: [], shown: [] };
  let answer = await engine.say(prompt);
  for (let count = 0; answer.stop === "tool_use"; count += 1) {
    run.said.push(answer.text);
    const results = [];
    for (const call of answer.calls) results.push({ command: call.input["command"], ...(await doing(call)) });
    run.shown.push(...results);
    const said = steering[count];
    answer = await engine.giveResults(results.map((result) => result.text).join("\n"), {
      isError: results.some((result) => result.isError),
      ...(said === undefined ? {} : { steering: said }),
    });
  }
  run.said.push(answer.text);
  return run;
}

function startDemo(): { engine: TinyEngine; model: ReturnType<typeof createScriptedModel> } {
  const model = createScriptedModel({ scripts: { demo: demoScript }, defaultScript: "demo" });
  return { model, engine: createTinyEngine(model.handle, { cwd: workspace }) };
}

describe("the demo", () => {
  it("writes a program with a real bug, sees a test fail, fixes it and sees it pass", async () => {
    const { engine, model } = startDemo();
    const { said, shown } = await runTurn(engine, "Build me a rocket");
    expect(said[0]).toMatch(/^This is a scripted demo.*"Build me a rocket"/s);
    const tests = shown.filter((result) => String(result.command).startsWith("node --test"));
    expect(tests.map((result) => [result.isError, /fail (\d)/.exec(result.text)?.[1]])).toEqual([
      [true, "1"],
      [false, "0"],
    ]);
    expect(said.join("\n")).toMatch(/One test fails.*All tests pass now/s);
    expect(shown.at(-1)?.text).toContain("Grace Hopper  1906  the first compiler");
    expect(said.at(-1)).toMatch(/^Done\./);
    model.assertClean();
    model.assertPlayedOut("demo");
  });

  it("obeys an order to write a file in the middle of it and goes on", async () => {
    const { engine, model } = startDemo();
    const steering = { 3: "also write NOTES.md with it's nice", 5: "are you there?" };
    const { said } = await runTurn(engine, "go", { steering });
    expect(await readFile(join(workspace, "NOTES.md"), "utf8")).toBe("it's nice\n");
    const all = said.join("\n");
    expect(all).toContain(`You said: "also write NOTES.md with it's nice"`);
    expect(all).toContain('You said: "are you there?"');
    expect(all).toMatch(/One test fails.*All tests pass now.*Done\./s);
    model.assertClean();
  });

  it("adds to a file that is there already", async () => {
    await writeFile(join(workspace, "NOTES.md"), "mine\n");
    const { engine } = startDemo();
    await runTurn(engine, "go", { steering: { 0: "also write NOTES.md with more" } });
    expect(await readFile(join(workspace, "NOTES.md"), "utf8")).toBe("mine\n\nmore\n");
  });

  it("answers after its end, and still obeys", async () => {
    const { engine, model } = startDemo();
    await runTurn(engine, "go");
    expect((await runTurn(engine, "and now?")).said.at(-1)).toMatch(/You said: "and now\?".*demo is over/s);
    await runTurn(engine, "create late.txt");
    expect(await readFile(join(workspace, "late.txt"), "utf8")).toContain("create late.txt");
    model.assertClean();
  });

  it("takes another folder when its own is taken", async () => {
    await mkdir(join(workspace, "csv-table"));
    const { said } = await runTurn(startDemo().engine, "go");
    expect(said.at(-1)).toMatch(/csv-table-\w{4}\/table\.mjs/);
  });

  it("does not claim what it did not see", async () => {
    const { engine } = startDemo();
    await engine.say("go");
    const stopped = await engine.giveResults("mkdir: Permission denied", { isError: true });
    expect(stopped).toMatchObject({ calls: [], text: expect.stringContaining("cannot make a folder") });
  });

  it("can be watched: between 10 and 18 seconds when paced", async () => {
    let waited = 0;
    const sleep = (ms: number): Promise<void> => {
      waited += ms;
      return Promise.resolve();
    };
    const model = createScriptedModel({
      scripts: { demo: demoScript },
      defaultScript: "demo",
      paced: true,
      sleep,
    });
    const doing: typeof act = () => Promise.resolve({ text: "csv-table", isError: false });
    await runTurn(createTinyEngine(model.handle), "Build me a rocket", { doing });
    expect(waited).toBeGreaterThan(10_000);
    expect(waited).toBeLessThan(18_000);
  });
});

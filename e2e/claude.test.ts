import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TaskEvent } from "@agency/contract";
import { priceCall } from "@agency/core";
import { createScriptedModel, edit, shell, when, write } from "@agency/scripted-model";
import type { ScriptedModel, Usage } from "@agency/scripted-model";
import { Agency } from "./support/agency.ts";
import { filesWith } from "./support/files.ts";

const REAL_KEY = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-REAL";
const MODEL = "claude-sonnet-4-5";
const usage = (step: number): Usage => ({
  input: 1000 + step,
  output: 100 + step,
  cacheRead: 5000,
  cacheWrite: 200,
});

const TEST = `import test from "node:test";
import assert from "node:assert";
import { add } from "./add.mjs";
test("adds", () => assert.equal(add(2, 3), 5));
`;

let model: ScriptedModel;
let modelUrl: string;
let closeModel: () => Promise<void>;
let agency: Agency;

beforeAll(async () => {
  model = createScriptedModel({
    apiKey: REAL_KEY,
    keepBodies: true,
    scripts: {
      build: {
        steps: [
          {
            text: "First the program.",
            tools: [write("/workspace/add.mjs", "export const add = (a, b) => a - b;\n")],
            usage: usage(0),
          },
          { tools: [write("/workspace/add.test.mjs", TEST)], usage: usage(1) },
          { tools: [shell("node --test 2>&1")], usage: usage(2) },
          { text: "A bug.", tools: [edit("/workspace/add.mjs", "a - b", "a + b")], usage: usage(3) },
          { tools: [shell("node --test 2>&1")], usage: usage(4) },
          { text: "It adds.", usage: usage(5) },
        ],
      },
      steer: {
        steps: [
          { tools: [shell("echo working")], gate: "steered" },
          { text: "Finished without hearing anything." },
        ],
        react: [
          when(/also write (\S+)/, (match) => ({
            play: [{ tools: [write(`/workspace/${match[1]}`, "steered\n")] }],
          })),
        ],
      },
      hang: { steps: [{ tools: [shell("touch /workspace/started; tail -f /dev/null")] }, { text: "never" }] },
      think: { steps: [{ text: "hmm", gate: "never" }] },
      busy: {
        steps: [
          { tools: [shell("echo before")] },
          { tools: [shell("echo after")], gate: "restarted" },
          { text: "done" },
        ],
      },
      costly: {
        steps: Array.from({ length: 9 }, (_, i) => ({
          tools: [shell(`echo ${i}`)],
          usage: { input: 100_000, output: 10_000 },
        })),
      },
    },
  });
  const listening = await model.listen();
  modelUrl = listening.url;
  closeModel = () => listening.close();
  agency = await Agency.start({ env: { ANTHROPIC_BASE_URL: modelUrl, ANTHROPIC_API_KEY: REAL_KEY } });
});

afterEach(() => model.assertClean());

afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await closeModel?.();
});

const of = <T extends TaskEvent["type"]>(events: TaskEvent[], type: T) =>
  events.filter((event): event is TaskEvent & { type: T } => event.type === type);

const gapless = (events: TaskEvent[]) =>
  expect(events.map((e) => e.seq)).toEqual(events.map((_, i) => i + 1));

describe("the real Claude engine in the real sandbox", () => {
  it("writes files, sees a test fail, fixes it, sees it pass, and costs what the model said", async () => {
    const { id } = await agency.client.createTask({ prompt: "[[s:build]] Write add.", model: MODEL });
    const { task, events } = await agency.finished(id);
    expect(task, await agency.story(id)).toMatchObject({ state: "completed", reason: null });
    gapless(events);
    expect(of(events, "file_change").map((e) => e.data.path)).toEqual(
      expect.arrayContaining(["add.mjs", "add.test.mjs"]),
    );
    const runs = of(events, "test_run").map(({ data }) => [data.passed, data.failed]);
    expect(runs).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(of(events, "text").map((e) => e.data.text)).toContain("It adds.");
    expect(task.result).toMatchObject({ summary: "It adds.", files: 2 });
    const made = await readFile(join(task.result?.workspace ?? "", "add.mjs"), "utf8");
    expect(made).toBe("export const add = (a, b) => a + b;\n");
    const expected = [0, 1, 2, 3, 4, 5].reduce(
      (sum, step) => sum + priceCall({ model: MODEL, ...usage(step) }).costUsd,
      0,
    );
    expect(task.costUsd).toBeCloseTo(expected, 6);
    expect(of(events, "usage").at(-1)?.data.totalCostUsd).toBeCloseTo(expected, 6);
    // Two truths that must agree: what the broker metered, and what the engine itself says.
    expect(of(events, "turn_end").at(-1)?.data.engineCostUsd).toBeCloseTo(task.costUsd, 2);
  });

  it("keeps the real key out of the sandbox, the events, the log and the data folder", async () => {
    const { id } = await agency.client.createTask({
      prompt: "[[s:look]] x",
      engine: "command",
      command:
        "env; cat /proc/*/environ | tr '\\0' '\\n'; cat /proc/*/cmdline | tr '\\0' ' '; find / -xdev -type f -size -1M -path '/home/*' -o -path '/run/*' -type f | xargs -r cat 2>/dev/null; echo looked",
    });
    const { events, task } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    const everything = JSON.stringify(events);
    expect(everything).toContain("looked");
    expect(everything).not.toContain(REAL_KEY);
    expect(agency.log.join("\n")).not.toContain(REAL_KEY);
    // The control: the key is real, the model saw it.
    expect(model.requests.some((request) => request.auth !== undefined)).toBe(true);
    expect(await filesWith(agency.home, [REAL_KEY])).toEqual([]);
  });

  it("obeys a message that is sent while it works", async () => {
    const { id } = await agency.client.createTask({ prompt: "[[s:steer]] Work.", model: MODEL });
    await model.reached("steer", 0);
    await agency.client.sendMessage(id, { text: "also write STEERED.md please" });
    await agency.event(id, "message");
    model.open("steered");
    const { task, events } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    expect(of(events, "file_change").map((e) => e.data.path)).toContain("STEERED.md");
  });

  it.each(["hang", "think"])("stops within two seconds of being told (%s)", async (script) => {
    const { id } = await agency.client.createTask({ prompt: `[[s:${script}]] Work.`, model: MODEL });
    if (script === "hang") await agency.event(id, "tool_start");
    else await model.reached("think", 0);
    const toldAt = performance.now();
    await agency.client.cancelTask(id);
    const { task } = await agency.finished(id);
    expect(performance.now() - toldAt).toBeLessThan(2000);
    expect(task).toMatchObject({ state: "cancelled", reason: "cancelled_by_user" });
  });

  it("is not let over its budget, and the reason is told", async () => {
    const { id } = await agency.client.createTask({
      prompt: "[[s:costly]] Spend.",
      model: MODEL,
      limits: { costUsd: 1 },
      onBudget: "stop",
    });
    const { task } = await agency.finished(id);
    expect(task, await agency.story(id)).toMatchObject({ state: "failed", reason: "budget_exceeded" });
    const call = priceCall({
      model: MODEL,
      input: 100_000,
      output: 10_000,
      cacheRead: 0,
      cacheWrite: 0,
    }).costUsd;
    expect(task.costUsd).toBeLessThan(1 + call);
  });

  it("never notices that the server was killed and started again", async () => {
    const { id } = await agency.client.createTask({ prompt: "[[s:busy]] Work.", model: MODEL });
    await model.reached("busy", 1);
    await agency.kill();
    agency = await Agency.start({
      home: agency.home,
      env: { ANTHROPIC_BASE_URL: modelUrl, ANTHROPIC_API_KEY: REAL_KEY },
    });
    model.open("restarted");
    const { task, events } = await agency.finished(id);
    expect(task, await agency.story(id)).toMatchObject({ state: "completed", attempt: 1 });
    gapless(events);
    const outputs = of(events, "tool_end").map((e) => e.data.output.trim());
    expect(outputs).toEqual(["before", "after"]);
    expect(of(events, "session")).toHaveLength(1);
  });
});

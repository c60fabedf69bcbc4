import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TaskEvent } from "@agency/contract";
import { priceCall } from "@agency/core";
import { createScriptedModel, fault, shell, write } from "@agency/scripted-model";
import type { ScriptedModel } from "@agency/scripted-model";
import { Agency } from "./support/agency.ts";
import { question } from "./support/question.ts";

const KEY = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-FIRST";
const SECOND = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-SECOND";
const THIRD = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-THIRD";
const MODEL = "claude-sonnet-4-5";
/** What one call of the spender comes to at most: 10,000 tokens out, next to nothing in. */
const SPENT = { input: 100, output: 10_000, cacheRead: 0, cacheWrite: 0 };
const ONE_CALL = priceCall({ model: MODEL, ...SPENT }).costUsd;

let model: ScriptedModel;
let closeModel: () => Promise<void>;
let agency: Agency;
let url: string;

beforeAll(async () => {
  model = createScriptedModel({
    scripts: {
      spend: { steps: [], after: { text: "spent", usage: SPENT } },
      steps: {
        steps: [
          { tools: [shell("echo one")] },
          { tools: [shell("echo two")], gate: "paused" },
          { text: "done" },
        ],
      },
      limited: {
        steps: [
          { tools: [shell("echo before the limit")] },
          { tools: [shell("echo after the limit")], fault: fault.usageLimit(8, { key: KEY, times: 1 }) },
          { text: "done" },
        ],
      },
      pooled: {
        steps: [
          { tools: [shell("echo x")], fault: fault.usageLimit(3600, { key: SECOND }) },
          { text: "done" },
        ],
      },
      refused: {
        steps: [{ tools: [shell("echo x")], fault: fault.usageLimit(3600, { key: THIRD }) }],
      },
      ask: {
        steps: [
          {
            tools: [question("Which colour?", "Colour", { Red: "warm", Blue: "cold" })],
          },
          ({ last }) => ({
            tools: [write("/workspace/answer.txt", last.map(({ text }) => text).join("\n"))],
          }),
          { text: "Thank you." },
        ],
      },
      approve: {
        steps: [
          { tools: [shell("touch /workspace/first")] },
          { tools: [shell("touch /workspace/second")] },
          { text: "done" },
        ],
      },
      policed: {
        steps: [
          { tools: [shell("touch /workspace/fine && curl http://example.com")] },
          { tools: [shell("touch /workspace/allowed")] },
          { text: "done" },
        ],
      },
    },
  });
  const listening = await model.listen();
  url = listening.url;
  closeModel = () => listening.close();
  agency = await Agency.start({ env: { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: KEY } });
});
afterEach(() => model.assertClean());
afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await closeModel?.();
});

const of = <T extends TaskEvent["type"]>(events: TaskEvent[], type: T) =>
  events.filter((event): event is TaskEvent & { type: T } => event.type === type);
const waiting = (id: string, reason: string) =>
  agency.event(id, "status", (data) => data.state === "waiting" && data.reason === reason);

/** Twenty calls at once, and none of them cares what it costs. */
const SPENDER = `
const one = async (n) => {
  const answer = await fetch(process.env.ANTHROPIC_BASE_URL + "/v1/messages", {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": process.env.ANTHROPIC_API_KEY },
    body: JSON.stringify({ model: "${MODEL}", max_tokens: 10000, messages: [{ role: "user", content: "[[s:spend]] " + n }], tools: [{ name: "Bash", input_schema: { type: "object" } }] }),
  });
  return answer.status + " " + (await answer.text()).includes("spent");
};
const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => one(n)));
console.log("answers: " + [...new Set(answers)].join(", ") + " x " + answers.length);`;

describe("a budget", () => {
  it("stops twenty calls at once at the cap and at most one call more, and lets them go on when it is raised", async () => {
    const { id } = await agency.client.createTask({
      prompt: "Spend.",
      engine: "command",
      command: `cat > spend.mjs <<'END'\n${SPENDER}\nEND\nnode spend.mjs`,
      limits: { costUsd: 1 },
    });
    await waiting(id, "budget");
    const kept = await agency.client.getTask(id);
    expect(kept.costUsd, await agency.story(id)).toBeGreaterThanOrEqual(1);
    expect(kept.costUsd).toBeLessThanOrEqual(1 + ONE_CALL);
    await agency.client.changeLimits(id, { add: { costUsd: 5 } });
    const { task, events } = await agency.finished(id);
    expect(task, await agency.story(id)).toMatchObject({ state: "completed", usage: { calls: 20 } });
    expect(
      of(events, "log")
        .map(({ data }) => data.text)
        .join(""),
    ).toContain("answers: 200 true x 20");
    expect(task.costUsd).toBeCloseTo(20 * ONE_CALL, 6);
  });

  it("covers a parent and its children together", async () => {
    const spender = {
      prompt: "Spend.",
      engine: "command",
      command: `cat > spend.mjs <<'END'\n${SPENDER}\nEND\nnode spend.mjs`,
    };
    const parent = await agency.client.createTask({
      prompt: "Lead.",
      engine: "command",
      command: "true",
      limits: { treeCostUsd: 1 },
    });
    const children = await Promise.all(
      [1, 2].map(() => agency.client.createTask({ ...spender, parentId: parent.id, onBudget: "stop" })),
    );
    const ended = await Promise.all(children.map(({ id }) => agency.finished(id)));
    const spent = ended.reduce((sum, { task }) => sum + task.costUsd, 0);
    expect(spent).toBeGreaterThanOrEqual(1);
    expect(spent).toBeLessThanOrEqual(1 + ONE_CALL);
    expect(ended.map(({ task }) => task.reason)).toContain("budget_exceeded");
  });

  it("of the account's day makes its tasks wait", async () => {
    const { day } = await agency.client.budget();
    await agency.client.setBudget({ dayUsd: day.spentUsd + ONE_CALL / 2 });
    const { id } = await agency.client.createTask({
      prompt: "Spend.",
      engine: "command",
      command: `cat > spend.mjs <<'END'\n${SPENDER}\nEND\nnode spend.mjs`,
    });
    const { data } = await waiting(id, "budget");
    expect(data.until).toBe(day.resetsAt);
    await agency.client.setBudget({ dayUsd: null });
    const { task } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
  });
});

describe("a usage limit of the model account", () => {
  it("is waited for, with the time, and the run goes on by itself", async () => {
    const { id } = await agency.client.createTask({ prompt: "[[s:limited]] Work.", model: MODEL });
    const { data, at } = await waiting(id, "usage_limit");
    expect(Date.parse(data.until ?? "") - Date.parse(at)).toBeGreaterThan(5_000);
    expect((await agency.client.getTask(id)).message).toContain("usage limit");
    const { task, events } = await agency.finished(id);
    expect(task, await agency.story(id)).toMatchObject({ state: "completed", attempt: 1 });
    expect(task.waitedMs).toBeGreaterThan(5_000);
    expect(of(events, "retry")).toEqual([]);
    expect(of(events, "tool_end").map(({ data: { output } }) => output.trim())).toEqual([
      "before the limit",
      "after the limit",
    ]);
  });

  it("fails the task at once when it was told so", async () => {
    const { id } = await agency.client.createTask({
      prompt: "[[s:refused]] Work.",
      model: MODEL,
      onUsageLimit: "stop",
      secrets: { ANTHROPIC_API_KEY: THIRD },
    });
    const { task } = await agency.finished(id);
    expect(task, await agency.story(id)).toMatchObject({ state: "failed", reason: "usage_limit" });
  });

  it("is no reason to wait when there is a second credential", async () => {
    await agency.client.setSecret("ANTHROPIC_API_KEY@second", { value: SECOND });
    const { id } = await agency.client.createTask({ prompt: "[[s:pooled]] Again.", model: MODEL });
    const { task, events } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    expect(of(events, "status").map(({ data }) => data.state)).not.toContain("waiting");
    expect(of(events, "credential").at(0)?.data.next).toContain("ANTHROPIC_API_KEY");
    await agency.client.removeSecret("ANTHROPIC_API_KEY@second");
  });
});

describe("a pause", () => {
  it("keeps the agent from its next step until it is resumed", async () => {
    const { id } = await agency.client.createTask({ prompt: "[[s:steps]] Work.", model: MODEL });
    await model.reached("steps", 1);
    await agency.client.pauseTask(id);
    const asked = model.requests.length;
    model.open("paused");
    await agency.event(id, "tool_end", ({ output }) => output.includes("two"));
    expect(await agency.client.getTask(id)).toMatchObject({ state: "waiting", reason: "paused_by_user" });
    expect(model.requests.length).toBe(asked);
    await agency.client.resumeTask(id);
    const { task } = await agency.finished(id);
    expect(task, await agency.story(id)).toMatchObject({ state: "completed" });
    expect(task.waitedMs).toBeGreaterThan(0);
  });

  it("stops a program without a model where it stands", async () => {
    const { id } = await agency.client.createTask({
      prompt: "Count.",
      engine: "command",
      command: "for i in $(seq 1 1000); do echo tick $i; sleep 0.02; [ -e stop ] && exit 0; done; exit 1",
      limits: { wallMs: 60_000 },
    });
    await agency.event(id, "log", ({ text }) => text.includes("tick 2"));
    await agency.client.pauseTask(id);
    await agency.event(id, "status", (data) => data.state === "waiting");
    const quiet = await quietSeq(id);
    await agency.client.resumeTask(id);
    await agency.event(id, "log", ({ text }) => text.includes("tick"));
    expect((await agency.client.getTask(id)).lastSeq).toBeGreaterThan(quiet);
    await agency.client.cancelTask(id);
    await agency.finished(id);
  });
});

/** The last number of the log once nothing has been added to it for a second. */
async function quietSeq(id: string): Promise<number> {
  let last = -1;
  for (;;) {
    const { lastSeq } = await agency.client.getTask(id);
    if (lastSeq === last) return last;
    last = lastSeq;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

describe("what the agent asks", () => {
  it("reaches a person, and the answer reaches the agent", async () => {
    const { id } = await agency.client.createTask({ prompt: "[[s:ask]] Ask.", model: MODEL });
    await waiting(id, "needs_input");
    const { asks } = await agency.client.getTask(id);
    expect(asks, await agency.story(id)).toMatchObject([
      {
        kind: "question",
        questions: [{ text: "Which colour?", choices: [{ label: "Red" }, { label: "Blue" }] }],
      },
    ]);
    await agency.client.answerTask(id, { answer: { kind: "question", answers: [["Blue"]] } });
    const { task, events } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    const diff = of(events, "file_change").find(({ data }) => data.path === "answer.txt");
    expect(diff?.data.diff).toContain("Blue");
  });

  it("reaches a person also from a program of one's own, which stands still until the answer comes", async () => {
    const program = `
      process.stdin.setEncoding("utf8");
      process.stdout.write('::agency::' + JSON.stringify({ type: "ask", id: "q", questions: [{ text: "Go on?" }] }) + "\\n");
      process.stdin.on("data", (text) => { console.log("heard " + text.trim()); process.exit(0); });`;
    const { id } = await agency.client.createTask({
      prompt: "x",
      engine: "command",
      command: `cat > ask.mjs <<'END'\n${program}\nEND\nexec node ask.mjs`,
      env: { AGENCY_STDIN: "messages" },
    });
    await waiting(id, "needs_input");
    await agency.client.answerTask(id, { answer: { kind: "question", answers: [["yes, please"]] } });
    const { task, events } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    expect(
      of(events, "log")
        .map(({ data }) => data.text)
        .join(""),
    ).toContain("yes, please");
  });

  it("waits for a yes before a command, and takes a no", async () => {
    const { id } = await agency.client.createTask({
      prompt: "[[s:approve]] Work.",
      model: MODEL,
      approve: "commands",
    });
    await waiting(id, "needs_approval");
    const [first] = (await agency.client.getTask(id)).asks;
    expect(first).toMatchObject({
      kind: "approval",
      title: expect.stringContaining("touch /workspace/first"),
    });
    await agency.client.answerTask(id, {
      answer: { kind: "approval", allow: false, reason: "Not that one." },
    });
    await agency.event(id, "ask", ({ ask }) => ask.kind === "approval" && ask.title.includes("second"));
    await agency.client.answerTask(id, { answer: { kind: "approval", allow: true } });
    const { task, events } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    expect(of(events, "tool_end").map(({ data }) => data.status)).toEqual(["denied", "ok"]);
    expect(of(events, "file_change").map(({ data }) => data.path)).toEqual(["second"]);
  });

  it("is refused without asking anybody when the command policy says so", async () => {
    const { id } = await agency.client.createTask({
      prompt: "[[s:policed]] Work.",
      model: MODEL,
      commandPolicy: { deny: ["curl *"] },
    });
    const { task, events } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    expect(of(events, "tool_end").map(({ data }) => data.status)).toEqual(["denied", "ok"]);
    expect(of(events, "file_change").map(({ data }) => data.path)).toEqual(["allowed"]);
  });
});

import { priceCall } from "@agency/core";
import { createScriptedModel, shell } from "@agency/scripted-model";
import type { ScriptedModel } from "@agency/scripted-model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Agency } from "./support/agency.ts";
import { filesWith } from "./support/files.ts";
import { textsInMemory } from "./support/process-memory.ts";
import { processesWith } from "./support/processes.ts";

const KEY = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-STORED";
const OWN = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz-OFTASK";
const OPENAI = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz-OPENAI";
const MODEL = "claude-sonnet-4-5";
/** As they are, and as they would travel. */
const formsOf = (secret: string) => [
  secret,
  Buffer.from(secret).toString("base64"),
  Buffer.from(secret).toString("hex"),
];
const ALL = [KEY, OWN, OPENAI].flatMap(formsOf);

/** Every readable file, every environment and command line, every name: what an agent that looks for keys would do. */
const SEARCH = [
  "env",
  "cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n'",
  "grep -rIaohE -D skip 'sk-(ant-api|proj)[A-Za-z0-9_-]{8,}' / --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev --exclude-dir=usr --exclude-dir=opt 2>/dev/null",
  "find / -xdev -path /proc -prune -o -name '*key*' -print 2>/dev/null | grep -v ^/usr | head -50",
  "echo searched",
].join("; ");

let model: ScriptedModel;
let closeModel: () => Promise<void>;
let agency: Agency;

beforeAll(async () => {
  model = createScriptedModel({
    apiKey: [KEY, OWN, OPENAI],
    scripts: {
      search: { steps: [{ tools: [shell(SEARCH)] }, { text: "Nothing there.", gate: "looked" }] },
      own: { steps: [{ tools: [shell(SEARCH)] }, { text: "Nothing there." }] },
      openai: {
        steps: [],
        after: { text: "four", usage: { input: 1000, output: 50, cacheRead: 200, cacheWrite: 0 } },
      },
    },
  });
  const listening = await model.listen();
  closeModel = () => listening.close();
  agency = await Agency.start({
    env: { ANTHROPIC_BASE_URL: listening.url, OPENAI_BASE_URL: `${listening.url}/v1` },
  });
});

afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  await closeModel?.();
});

describe("a stored key", () => {
  it("is checked, shown by nothing but its end, and found nowhere by a full search", async () => {
    const info = await agency.client.setSecret("ANTHROPIC_API_KEY", { value: KEY, check: true });
    expect(info).toMatchObject({ kind: "api_key", checked: expect.any(String) });
    const { id } = await agency.client.createTask({ prompt: "[[s:search]] Look.", model: MODEL });
    await agency.event(id, "tool_end", ({ output }) => output.includes("searched"));
    await model.reached("search", 1);

    // While the engine waits for its model: the memory of everything in the sandbox.
    const inside = [...processesWith(id), ...processesWith("/opt/agency/runner.mjs")];
    expect(inside.length).toBeGreaterThan(1);
    const placeholder = "sk-ant-agency_";
    const seen = inside.map((pid) => textsInMemory(pid, [...ALL, placeholder]));
    expect(seen.flatMap((texts) => [...texts]).filter((text) => text !== placeholder)).toEqual([]);
    // The controls: this way of looking finds the placeholder inside, and the key in the server.
    expect(seen.some((texts) => texts.has(placeholder))).toBe(true);
    expect(textsInMemory(agency.pid, [KEY]).has(KEY)).toBe(true);

    model.open("looked");
    const { task, events } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    expectNowhere(JSON.stringify(events));
    expectNowhere(agency.log.join("\n"));
    expectNowhere(JSON.stringify([await agency.client.secrets(), await agency.client.audit(), task]));
    expect(await filesWith(agency.home, ALL)).toEqual([]);
    // The control: the model was called with it.
    expect(model.requests.some((request) => request.auth === "x-api-key")).toBe(true);
  });

  it("gives way to the task's own, which is gone with the task", async () => {
    const { id } = await agency.client.createTask({
      prompt: "[[s:own]] Look.",
      model: MODEL,
      secrets: { ANTHROPIC_API_KEY: OWN },
    });
    const { task, events } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    expectNowhere(JSON.stringify([events, task]));
    expect(await filesWith(agency.home, ALL)).toEqual([]);
  });

  it("opens the other vendor's API to a program of one's own, metered the same", async () => {
    await agency.client.setSecret("OPENAI_API_KEY", { value: OPENAI });
    const ask = `
      const answer = await fetch(process.env.OPENAI_BASE_URL + "/responses", {
        method: "POST",
        headers: { authorization: "Bearer " + process.env.OPENAI_API_KEY, "content-type": "application/json" },
        body: JSON.stringify({ model: "gpt-5", input: "[[s:openai]] two and two?", max_output_tokens: 100, tools: [{ type: "function", name: "shell", parameters: {} }] }),
      });
      console.log(answer.status, process.env.OPENAI_API_KEY.slice(0, 9), await answer.text());`;
    const { id } = await agency.client.createTask({
      prompt: "x",
      engine: "command",
      command: `cat > ask.mjs <<'END'\n${ask}\nEND\nnode ask.mjs`,
    });
    const { task, events } = await agency.finished(id);
    const said = events.flatMap((event) => (event.type === "log" ? [event.data.text] : [])).join("");
    expect(said, await agency.story(id)).toMatch(/^200 sk-agency.*four/s);
    const used = { input: 1000, output: 50, cacheRead: 200, cacheWrite: 0 };
    expect(task.usage).toMatchObject({ calls: 1 });
    expect(task.costUsd).toBeCloseTo(priceCall({ model: "gpt-5", ...used }).costUsd, 6);
    expectNowhere(JSON.stringify([events, task]));
  });
});

function expectNowhere(text: string): void {
  expect(ALL.filter((secret) => text.includes(secret))).toEqual([]);
}

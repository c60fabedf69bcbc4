import { describe, expect, it } from "vitest";
import { edit, raw, shell, write } from "../scripts/action.ts";
import { fault } from "../scripts/fault.ts";
import type { Script } from "../scripts/script.ts";
import { createScriptedModel } from "../scripted-model.ts";
import { objectsIn, stringOr } from "../wire/json.ts";
import type { JsonObject } from "../wire/json.ts";

const story: Script = {
  steps: [
    { text: "first", thinking: "hm", tools: [write("a.md", "it's"), shell("ls")] },
    { text: "turn ends" },
    { tools: [edit("a.md", "x", "y")] },
    { text: "all done" },
  ],
};
const tool = (name: string, fields: object, more: object = {}) => ({
  type: "function",
  name,
  parameters: { type: "object", properties: fields },
  ...more,
});
const CODEX_TOOLS = [
  tool("exec_command", { cmd: { type: "string" } }),
  { type: "custom", name: "apply_patch", format: {} },
];
const CHAT_TOOLS = [
  { type: "function", function: { name: "bash", parameters: { properties: { command: {} } } } },
  {
    type: "function",
    function: { name: "write", parameters: { properties: { filePath: {}, content: {} } } },
  },
  {
    type: "function",
    function: { name: "edit", parameters: { properties: { filePath: {}, oldString: {}, newString: {} } } },
  },
];
const ENVIRONMENT = "<environment_context>\n  <cwd>/ws</cwd>\n</environment_context>";

const post = (path: string, body: object, key = "k1") =>
  new Request(`http://model${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, session_id: "s-1" },
    body: JSON.stringify(body),
  });
const user = (text: string) => ({ type: "message", role: "user", content: [{ type: "input_text", text }] });

function events(text: string): JsonObject[] {
  return text.split("\n").flatMap((line) => {
    const data = line.startsWith("data: ") ? line.slice(6) : "[DONE]";
    return data === "[DONE]" ? [] : objectsIn([JSON.parse(data)]);
  });
}

/** An engine that speaks Responses: it keeps every item and answers every call. */
function codexOver(model: { handle: (request: Request) => Promise<Response> }) {
  const input: JsonObject[] = [user(ENVIRONMENT)];
  return {
    input,
    async ask(...more: JsonObject[]) {
      input.push(...more);
      const body = {
        model: "gpt-5.1-codex",
        input,
        tools: CODEX_TOOLS,
        stream: true,
        reasoning: { summary: "auto" },
      };
      const all = events(await (await model.handle(post("/v1/responses", body))).text());
      const response = all.at(-1)?.["response"] as JsonObject;
      const output = objectsIn(response["output"]);
      input.push(...output);
      return { all, response, output, calls: output.filter((item) => "call_id" in item) };
    },
    results: (calls: readonly JsonObject[]) =>
      calls.map((call) => ({ type: "function_call_output", call_id: call["call_id"], output: "ok" })),
  };
}

describe("Responses", () => {
  it("play the script that other engines play, in the words of Codex's tools", async () => {
    const model = createScriptedModel({ scripts: { story } });
    const codex = codexOver(model);
    const first = await codex.ask(user("[[s:story]] do it"));
    expect(first.output.map((item) => item["type"])).toEqual([
      "reasoning",
      "message",
      "function_call",
      "function_call",
    ]);
    const commands = first.calls.map((call) => JSON.parse(String(call["arguments"])) as JsonObject);
    expect(commands).toEqual([
      { cmd: `mkdir -p "$(dirname '/ws/a.md')" && printf %s 'it'\\''s' > '/ws/a.md'` },
      { cmd: "ls" },
    ]);
    const second = await codex.ask(...codex.results(first.calls));
    expect(second.calls).toEqual([]);
    const third = await codex.ask(user("and then?"));
    expect(third.calls[0]?.["arguments"]).toContain("*** Update File: /ws/a.md");
    await codex.ask(...codex.results(third.calls));
    model.assertClean();
    model.assertPlayedOut("story");
    expect(model.requests.map((request) => request.place)).toEqual(["0", "1", "2", "3"]);
    expect(model.requests[1]).toMatchObject({ run: "s-1", auth: "bearer", results: [{ text: "ok" }, {}] });
  });

  it("stream pieces that add up to the whole, in order, with the counts at the end", async () => {
    const { all, response } = await codexOver(createScriptedModel({ scripts: { story } })).ask(
      user("[[s:story]] go"),
    );
    expect(all.map((event) => event["sequence_number"])).toEqual(all.map((_, at) => at));
    const pieces = (type: string) =>
      all.flatMap((event) => (event["type"] === type ? [String(event["delta"])] : []));
    expect(pieces("response.output_text.delta").join("")).toBe("first");
    expect(pieces("response.reasoning_summary_text.delta").join("")).toBe("hm");
    expect(pieces("response.function_call_arguments.delta").join("")).toContain('{"cmd":"ls"}');
    expect(all.at(-1)?.["type"]).toBe("response.completed");
    expect(response["usage"]).toEqual({
      input_tokens: 6200,
      input_tokens_details: { cached_tokens: 5000, cache_write_tokens: 200 },
      output_tokens: 100,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 6300,
    });
  });

  it("come whole when no stream is asked for, and call tools of free text as such", async () => {
    const patch = { steps: [{ tools: [raw("apply_patch", { input: "*** Begin Patch" })] }] };
    const model = createScriptedModel({ scripts: { patch } });
    const body = { model: "gpt-5.1-codex", input: "[[s:patch]]", tools: CODEX_TOOLS };
    const answer = await (await model.handle(post("/v1/responses", body))).json();
    expect(answer).toMatchObject({
      object: "response",
      status: "completed",
      output: [{ type: "custom_tool_call", name: "apply_patch", input: "*** Begin Patch" }],
    });
  });
});

describe("Chat Completions", () => {
  it("play the same script, whole and streamed, with the usage only where it is asked for", async () => {
    const model = createScriptedModel({ scripts: { story } });
    const messages: object[] = [{ role: "user", content: "[[s:story]] do it" }];
    const body = { model: "local", messages, tools: CHAT_TOOLS };
    const whole = (await (await model.handle(post("/v1/chat/completions", body))).json()) as JsonObject;
    const [choice] = objectsIn(whole["choices"]);
    const message = choice?.["message"] as JsonObject;
    const calls = objectsIn(message["tool_calls"]);
    expect(choice?.["finish_reason"]).toBe("tool_calls");
    expect(calls[0]?.["function"]).toEqual({
      name: "write",
      arguments: JSON.stringify({ filePath: "/workspace/a.md", content: "it's" }),
    });
    messages.push(message, ...calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: "ok" })));
    const streamed = { ...body, stream: true, stream_options: { include_usage: true } };
    const text = await (await model.handle(post("/v1/chat/completions", streamed))).text();
    const said = events(text).flatMap((chunk) => objectsIn(chunk["choices"]));
    expect(said.map((one) => stringOr((one["delta"] as JsonObject)["content"], "")).join("")).toBe(
      "turn ends",
    );
    expect(events(text).at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 6201 } });
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    const silent = await (await model.handle(post("/v1/chat/completions", { ...body, stream: true }))).text();
    expect(silent).not.toContain("usage");
    expect(model.requests.map((request) => request.place)).toEqual(["0", "1", "1"]);
    model.assertClean();
  });
});

describe("a usage limit", () => {
  const limited = { steps: [{ text: "ok", fault: fault.usageLimit(30, { key: "k1" }) }] };
  const nowS = () => Date.now() / 1000;

  it("is that of one credential, and says when it resets in both vendors' words", async () => {
    const model = createScriptedModel({ scripts: { limited }, apiKey: ["k1", "k2"] });
    const body = { model: "m", input: "[[s:limited]]", tools: CODEX_TOOLS };
    const openai = await model.handle(post("/v1/responses", body));
    expect([openai.status, openai.headers.get("retry-after")]).toEqual([429, "30"]);
    expect(await openai.json()).toMatchObject({
      error: { type: "usage_limit_reached", resets_in_seconds: 30, resets_at: expect.any(Number) },
    });
    const messages = { model: "m", max_tokens: 5, messages: [{ role: "user", content: "[[s:limited]]" }] };
    const tools = [{ name: "Bash", input_schema: {} }];
    const anthropic = await model.handle(post("/v1/messages", { ...messages, tools }));
    expect([anthropic.status, anthropic.headers.get("anthropic-ratelimit-unified-status")]).toEqual([
      429,
      "rejected",
    ]);
    const reset = Number(anthropic.headers.get("anthropic-ratelimit-unified-reset"));
    expect(Math.abs(reset - nowS() - 30)).toBeLessThan(3);
    expect((await model.handle(post("/v1/responses", body, "k2"))).status).toBe(200);
    expect((await model.handle(post("/v1/responses", body, "k3"))).status).toBe(401);
  });

  it("may pass after so many requests of that credential", async () => {
    const once = { steps: [{ text: "ok", fault: fault.usageLimit(1, { key: "k1", times: 1 }) }] };
    const model = createScriptedModel({ scripts: { once } });
    const ask = (key: string) =>
      model.handle(post("/v1/responses", { model: "m", input: "[[s:once]]", tools: CODEX_TOOLS }, key));
    expect([(await ask("k2")).status, (await ask("k1")).status, (await ask("k1")).status]).toEqual([
      200, 429, 200,
    ]);
  });

  it("and other failures have OpenAI's shape on OpenAI's paths", async () => {
    const model = createScriptedModel({ scripts: {} });
    const bad = await model.handle(post("/v1/chat/completions", { model: "m" }));
    expect([bad.status, await bad.json()]).toEqual([
      400,
      {
        error: {
          message: expect.stringContaining("messages"),
          type: "invalid_request_error",
          param: null,
          code: null,
        },
      },
    ]);
  });
});

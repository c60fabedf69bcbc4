import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runnerEventBodySchema } from "@agency/contract";
import type { EngineEvent } from "@agency/core";
import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { describe, expect, it } from "vitest";
import { newMapping, withInput } from "./mapping.ts";
import type { Mapping } from "./mapping.ts";
import { mapMessage } from "./map-message.ts";

const FIXTURES = fileURLToPath(new URL("fixtures/", import.meta.url));
const UUID = "00000000-0000-4000-8000-000000000000";
const recorded = readdirSync(FIXTURES).filter((file) => /^[a-z-]+\.jsonl$/u.test(file));

const fresh = (): Mapping => newMapping({ cwd: "/workspace", isResumed: false, turnLimit: 20 });

function mapAll(messages: readonly unknown[], start: Mapping = withInput(fresh(), UUID, "input-1")) {
  let state = start;
  const events: EngineEvent[] = [];
  for (const message of messages) {
    const mapped = mapMessage(state, message as SDKMessage);
    state = mapped.state;
    events.push(...mapped.events);
  }
  return { state, events };
}

describe("the mapper on recorded runs", () => {
  it.each(recorded)("gives the events kept beside %s", async (file) => {
    const messages = readFileSync(FIXTURES + file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
    const { events, state } = mapAll(messages);
    for (const event of events)
      if (event.type !== "engine_usage")
        expect(runnerEventBodySchema.safeParse(event).error?.issues ?? []).toEqual([]);
    expect(state.calls.size).toBe(0);
    expect(state.tasks.size).toBe(0);
    const text = events.map((event) => JSON.stringify(event)).join("\n");
    await expect(`${text}\n`).toMatchFileSnapshot(`${FIXTURES}${file.replace(".jsonl", ".events")}`);
  });
});

const init = {
  type: "system",
  subtype: "init",
  session_id: "s",
  model: "m",
  claude_code_version: "1.0.0",
  permissionMode: "bypassPermissions",
  tools: [],
  mcp_servers: [],
};

const remarks: { name: string; message: object; events: unknown[] }[] = [
  {
    name: "an MCP server that failed, and a permission mode that was not asked for",
    message: { ...init, permissionMode: "default", mcp_servers: [{ name: "db", status: "failed" }] },
    events: [
      { type: "session", data: { mcp: [{ name: "db", ok: false }] } },
      { type: "notice", data: { level: "warn", text: expect.stringContaining("db") } },
      { type: "notice", data: { level: "warn", text: expect.stringContaining("permission mode default") } },
    ],
  },
  {
    name: "a shortened conversation",
    message: {
      type: "system",
      subtype: "compact_boundary",
      compact_metadata: { trigger: "auto", pre_tokens: 9, post_tokens: 3 },
    },
    events: [{ type: "notice", data: { level: "info", text: expect.stringContaining("9 to 3 tokens") } }],
  },
  {
    name: "the shortening itself",
    message: { type: "system", subtype: "status", status: "compacting" },
    events: [{ type: "activity", data: { state: "compacting" } }],
  },
  {
    name: "a full disk",
    message: { type: "system", subtype: "session_writes_lost", error_code: "ENOSPC", lost: ["transcript"] },
    events: [{ type: "error", data: { class: "disk_full", severity: "warning" } }],
  },
  {
    name: "a usage limit that is near",
    message: {
      type: "rate_limit_event",
      rate_limit_info: { status: "allowed_warning", rateLimitType: "five_hour", resetsAt: 1_700_000_000 },
    },
    events: [
      {
        type: "notice",
        data: {
          text: "The five hour limit of the model account is near; it resets at 2023-11-14T22:13:20.000Z.",
        },
      },
    ],
  },
  {
    name: "a usage limit that is far",
    message: { type: "rate_limit_event", rate_limit_info: { status: "allowed" } },
    events: [],
  },
  {
    name: "no answer within the time for it",
    message: {
      type: "system",
      subtype: "api_retry",
      attempt: 1,
      max_retries: 4,
      retry_delay_ms: 500.4,
      error_status: null,
      error: "unknown",
      no_response: { waited_ms: 1, retry_wait_ms: 1 },
    },
    events: [
      { type: "retry", data: { attempt: 1, max: 4, delayMs: 500, class: "timeout" } },
      { type: "activity", data: { state: "retrying" } },
    ],
  },
  {
    name: "a tool that takes long",
    message: {
      type: "tool_progress",
      tool_use_id: "t",
      tool_name: "Bash",
      parent_tool_use_id: null,
      elapsed_time_seconds: 30.2,
    },
    events: [{ type: "activity", data: { state: "tool", note: "Bash, 30 s" } }],
  },
];

describe("the mapper on single messages", () => {
  it.each(remarks)("tells $name", ({ message, events }) => {
    expect(mapAll([message]).events).toMatchObject(events);
  });

  it("tells of a kind of message that it does not know once, and goes on", () => {
    const odd = { type: "hologram" };
    const oddSystem = { type: "system", subtype: "hologram" };
    expect(mapAll([odd, odd, oddSystem, oddSystem, init]).events.map(({ type }) => type)).toEqual([
      "notice",
      "notice",
      "session",
    ]);
  });

  it("tells a denied tool as denied", () => {
    const call = {
      type: "tool_use",
      id: "t1",
      name: "Write",
      input: { file_path: "/workspace/x", content: "" },
    };
    const assistant = {
      type: "assistant",
      uuid: "u",
      parent_tool_use_id: null,
      message: { id: "m", model: "m", content: [call] },
    };
    const denied = {
      type: "system",
      subtype: "permission_denied",
      tool_use_id: "t1",
      tool_name: "Write",
      message: "no",
    };
    const block = { type: "tool_result", tool_use_id: "t1", content: "no", is_error: true };
    const user = { type: "user", parent_tool_use_id: null, message: { role: "user", content: [block] } };
    const { events } = mapAll([init, assistant, denied, user]);
    expect(events.at(-1)).toMatchObject({
      type: "tool_end",
      data: { id: "t1", status: "denied", output: "no" },
    });
  });

  it("counts a resumed session from where it is, and a fresh one without the engine's difference from nothing", () => {
    const modelUsage = {
      m: { inputTokens: 5, outputTokens: 1, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
    };
    const result = {
      type: "result",
      subtype: "success",
      is_error: false,
      result: "",
      uuid: "r",
      num_turns: 1,
      total_cost_usd: 0,
      modelUsage,
    };
    const usage = (start: Mapping) =>
      mapAll([init, result], start).events.filter(({ type }) => type === "engine_usage");
    expect(usage(fresh())).toMatchObject([{ data: { model: "m", input: 5, output: 1 } }]);
    expect(usage({ ...fresh(), isResumed: true })).toEqual([]);
  });

  it("takes a dated model name for the one that was asked for", () => {
    const usage = {
      input_tokens: 5,
      output_tokens: 2,
      cache_read_input_tokens: 0,
      cache_creation_input_tokens: 0,
    };
    const stream = (event: object) => ({ type: "stream_event", parent_tool_use_id: null, event });
    const since = {
      "claude-x": { inputTokens: 8, outputTokens: 2, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
    };
    const { events } = mapAll([
      init,
      stream({ type: "message_start", message: { id: "m1", model: "claude-x-20260101", usage } }),
      stream({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: {} }),
      stream({ type: "message_stop" }),
      {
        type: "result",
        subtype: "success",
        is_error: false,
        result: "",
        uuid: "r",
        num_turns: 1,
        total_cost_usd: 0,
        modelUsage: {},
        model_usage_since_last_result: since,
      },
    ]);
    expect(events.filter(({ type }) => type === "engine_usage").map(({ data }) => data)).toMatchObject([
      { key: "m1", input: 5, output: 2 },
      { key: "r:claude-x", input: 3, output: 0 },
    ]);
  });
});

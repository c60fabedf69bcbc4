import { createMemoryModelGate } from "@agency/testing";
import { describe, expect, it } from "vitest";
import { startUpstream } from "../testing/loopback-upstream.ts";
import { createHarness, NOWHERE } from "../testing/route-harness.ts";
import { closedField as anthropicField } from "./anthropic/closed-field.ts";
import { closedField as openaiField } from "./openai/closed-field.ts";

const image = (source: object) => ({ type: "image", source });
const inMessage = (...content: object[]) => ({ messages: [{ role: "user", content }] });
const input = (...content: object[]) => ({ input: [{ role: "user", content }] });
const deep = {
  type: "tool_result",
  tool_use_id: "t",
  content: [image({ type: "url", url: "https://evil" })],
};
const PNG = "data:image/png;base64,AAAA";

describe("what would make Anthropic reach into the network", () => {
  it.each([
    [{ tools: [{ name: "x" }, { type: "web_search_20250305", name: "web_search" }] }, "tools[1].type"],
    [{ tools: [{ type: "web_fetch_20250910" }] }, "tools[0].type"],
    [{ tools: [{ type: "code_execution_20250825" }] }, "tools[0].type"],
    [{ tools: [{ type: "mcp_toolset" }] }, "tools[0].type"],
    [{ mcp_servers: [{ type: "url", url: "https://evil" }] }, "mcp_servers"],
    [{ mcp_servers: { url: "https://evil" } }, "mcp_servers"],
    [inMessage(image({ type: "url", url: "https://evil" })), "messages[0].content[0].source.type"],
    [inMessage(image({ type: "file", file_id: "f" })), "source.type"],
    [inMessage(deep), "messages[0].content[0].content[0].source.type"],
    [inMessage({ type: "document", source: { type: "content", content: [deep] } }), "source.content[0]"],
    [inMessage({ type: "container_upload", file_id: "f" }), "container_upload"],
    [{ system: [{ type: "document", source: { type: "url", url: "x" } }] }, "system[0].source.type"],
  ])("is found in %j", (json, field) => {
    expect(anthropicField(json)).toContain(field);
  });

  it.each([
    [{ tools: [{ name: "web_search", input_schema: {} }, { type: "bash_20250124" }, { type: "custom" }] }],
    [{ mcp_servers: [], tools: null, system: "web_search", messages: "x" }],
    [inMessage(image({ type: "base64", media_type: "image/png", data: "AAAA" }))],
    [inMessage({ type: "text", text: '{"source":{"type":"url"}}' })],
    [inMessage({ type: "tool_use", id: "t", name: "x", input: { source: { type: "url" } } })],
  ])("is not seen in %j", (json) => {
    expect(anthropicField(json)).toBeNull();
  });
});

describe("what would make OpenAI reach into the network", () => {
  it.each([
    [{ tools: [{ type: "web_search_preview" }] }, "tools[0].type"],
    [{ tools: [{ type: "function" }, { type: "mcp", server_url: "https://evil" }] }, "tools[1].type"],
    [{ tools: [{ type: "namespace", tools: [{ type: "code_interpreter" }] }] }, "tools[0].tools[0].type"],
    [{ tools: [{ type: "file_search" }] }, "tools[0]"],
    [{ tools: [{ type: "computer_use_preview" }] }, "tools[0]"],
    [{ tools: [{ type: "image_generation" }] }, "tools[0]"],
    [{ model: "gpt-4o-search-preview" }, "model"],
    [{ model: "o3-deep-research" }, "model"],
    [{ web_search_options: {} }, "web_search_options"],
    [{ prompt: { id: "pmpt_1" } }, "prompt"],
    [input({ type: "input_image", image_url: "https://evil" }), "input[0].content[0].image_url"],
    [input({ type: "input_file", file_url: "https://evil" }), "file_url"],
    [input({ type: "input_file", file_id: "file-1" }), "file_id"],
    [
      { input: [{ type: "function_call_output", output: [{ image_url: "https://evil" }] }] },
      "output[0].image_url",
    ],
    [inMessage({ type: "image_url", image_url: { url: "HTTPS://evil" } }), "image_url.url"],
    [inMessage({ type: "file", file: { file_id: "file-1" } }), "file.file_id"],
  ])("is found in %j", (json, field) => {
    expect(openaiField(json)).toContain(field);
  });

  it.each([
    [{ tools: [{ type: "function", name: "web_search" }, { type: "custom" }, { type: "local_shell" }] }],
    [{ input: "look at https://example.org", model: "gpt-5.1", prompt: null }],
    [input({ type: "input_image", image_url: PNG }, { type: "input_text", text: "https://x" })],
    [inMessage({ type: "image_url", image_url: { url: PNG } })],
    [{ input: [{ type: "function_call", name: "get", arguments: '{"url":"https://x"}' }] }],
  ])("is not seen in %j", (json) => {
    expect(openaiField(json)).toBeNull();
  });
});

describe("a closed field", () => {
  const body = { model: "claude-sonnet-4-5", max_tokens: 5, ...inMessage(deep) };

  it("is refused before it costs anything, token counts included, and named", async () => {
    const { send, gate } = createHarness(createMemoryModelGate(), NOWHERE, {
      caller: { strictEgress: true },
    });
    for (const path of ["/v1/messages", "/v1/messages/count_tokens"]) {
      const response = await send(body, { path });
      expect(response.status).toBe(403);
      expect(await response.text()).toContain("messages[0].content[0].content[0].source.type");
    }
    expect(gate.settled.size).toBe(0);
  });

  it("is open to a task whose network is the internet", async () => {
    await using upstream = await startUpstream((response) => response.end("{}"));
    const { send } = createHarness(createMemoryModelGate(), upstream.url);
    expect((await send(body)).status).toBe(200);
  });
});

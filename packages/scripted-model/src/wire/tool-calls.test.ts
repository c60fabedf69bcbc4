import { describe, expect, it } from "vitest";
import { edit, raw, read, shell, write } from "../scripts/action.ts";
import { toToolCall } from "./tool-calls.ts";
import type { OfferedTool } from "./tool-calls.ts";

const claude: OfferedTool[] = [
  {
    name: "Bash",
    properties: ["command", "timeout", "description", "run_in_background"],
    required: ["command"],
  },
  { name: "Write", properties: ["file_path", "content"], required: ["file_path", "content"] },
  { name: "Edit", properties: ["file_path", "old_string", "new_string", "replace_all"], required: [] },
  { name: "Read", properties: ["file_path", "offset"], required: ["file_path"] },
];
const camelCased: OfferedTool[] = [
  { name: "bash", properties: ["command", "description"], required: ["command", "description"] },
  { name: "edit", properties: ["filePath", "oldString", "newString"], required: [] },
];

describe("toToolCall", () => {
  it("speaks Claude Code's tools, with absolute paths", () => {
    expect(toToolCall(shell("ls"), claude, "/w")).toEqual({ name: "Bash", input: { command: "ls" } });
    expect(toToolCall(shell("serve", { background: true }), claude, "/w")?.input).toEqual({
      command: "serve",
      run_in_background: true,
    });
    expect(toToolCall(write("a/b.md", "hi"), claude, "/w/")).toEqual({
      name: "Write",
      input: { file_path: "/w/a/b.md", content: "hi" },
    });
    expect(toToolCall(edit("/abs.md", "x", "y"), claude, "/w")?.input).toEqual({
      file_path: "/abs.md",
      old_string: "x",
      new_string: "y",
    });
    expect(toToolCall(read("a"), claude, "/w")).toEqual({ name: "Read", input: { file_path: "/w/a" } });
  });

  it("takes field names from the schema the engine sends", () => {
    expect(toToolCall(edit("a", "x", "y"), camelCased, "/w")?.input).toEqual({
      filePath: "/w/a",
      oldString: "x",
      newString: "y",
    });
    expect(toToolCall(shell("ls"), camelCased, "/w")?.input).toEqual({ command: "ls", description: "ls" });
  });

  it("passes raw calls through and knows when a tool is missing", () => {
    expect(toToolCall(raw("Agent", { prompt: "p" }), [], "/w")).toEqual({
      name: "Agent",
      input: { prompt: "p" },
    });
    expect(toToolCall(read("a"), camelCased, "/w")).toBeUndefined();
  });
});

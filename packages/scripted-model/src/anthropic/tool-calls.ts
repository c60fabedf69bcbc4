import type { Action } from "../scripts/action.ts";

/** A tool as the engine describes it to the model. */
export interface OfferedTool {
  name: string;
  properties: readonly string[];
  required: readonly string[];
}

export interface ToolCall {
  name: string;
  input: Readonly<Record<string, unknown>>;
}

/** Names engines use for the same thing; the first one is taken when the schema does not say. */
const TOOL_NAMES = {
  shell: ["Bash", "bash", "shell", "run_shell_command", "exec_command"],
  write: ["Write", "write", "write_file"],
  edit: ["Edit", "edit", "replace"],
  read: ["Read", "read", "read_file"],
} as const;
const FIELD_NAMES = {
  command: ["command", "cmd"],
  background: ["run_in_background", "is_background"],
  path: ["file_path", "filePath", "path", "absolute_path"],
  text: ["content", "file_text"],
  old: ["old_string", "oldString", "old_str"],
  new: ["new_string", "newString", "new_str"],
} as const;

/** Says an action in the words of the tools the engine offers; undefined when it offers none that can do it. */
export function toToolCall(action: Action, tools: readonly OfferedTool[], cwd: string): ToolCall | undefined {
  if (action.kind === "raw") return { name: action.name, input: action.input };
  const names: readonly string[] = TOOL_NAMES[action.kind];
  const tool = names
    .map((name) => tools.find((tool) => tool.name === name))
    .find((found) => found !== undefined);
  if (tool === undefined) return undefined;
  const input: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(fieldsOf(action, cwd))) input[fieldName(field, tool)] = value;
  if (action.kind === "shell" && tool.required.includes("description")) input["description"] = action.command;
  return { name: tool.name, input };
}

function fieldsOf(action: Exclude<Action, { kind: "raw" }>, cwd: string): Record<string, unknown> {
  switch (action.kind) {
    case "shell":
      return { command: action.command, ...(action.background ? { background: true } : {}) };
    case "write":
      return { path: absolute(action.path, cwd), text: action.text };
    case "edit":
      return { path: absolute(action.path, cwd), old: action.old, new: action.new };
    case "read":
      return { path: absolute(action.path, cwd) };
  }
}

function fieldName(field: string, tool: OfferedTool): string {
  const names: readonly string[] = FIELD_NAMES[field as keyof typeof FIELD_NAMES];
  return names.find((name) => tool.properties.includes(name)) ?? names[0] ?? field;
}

function absolute(path: string, cwd: string): string {
  return path.startsWith("/") ? path : `${cwd.replace(/\/+$/, "")}/${path}`;
}

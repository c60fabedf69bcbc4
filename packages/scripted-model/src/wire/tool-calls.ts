import type { Action } from "../scripts/action.ts";

/** A tool as the engine describes it to the model. */
export interface OfferedTool {
  name: string;
  properties: readonly string[];
  required: readonly string[];
  /** Properties that are lists. */
  lists?: readonly string[];
  /** Takes plain text instead of fields. */
  isFreeform?: boolean;
}

export interface ToolCall {
  name: string;
  input: Readonly<Record<string, unknown>>;
  /** The input is the text under `input`. */
  isFreeform?: boolean;
}

/** Names engines use for the same thing; the first one is taken when the schema does not say. */
const TOOL_NAMES = {
  shell: ["Bash", "bash", "shell", "shell_command", "run_shell_command", "exec_command"],
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
  if (action.kind === "raw") return rawCall(action, tools);
  const names: readonly string[] = TOOL_NAMES[action.kind];
  const tool = names
    .map((name) => tools.find((tool) => tool.name === name))
    .find((found) => found !== undefined);
  if (tool === undefined) return asCommand(action, tools, cwd);
  const input: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(fieldsOf(action, cwd))) {
    const name = fieldName(field, tool);
    input[name] = tool.lists?.includes(name) === true ? ["bash", "-lc", value] : value;
  }
  if (action.kind === "shell" && tool.required.includes("description")) input["description"] = action.command;
  return { name: tool.name, input };
}

function rawCall(action: Extract<Action, { kind: "raw" }>, tools: readonly OfferedTool[]): ToolCall {
  const { name, input } = action;
  const isFreeform = tools.some((tool) => tool.name === name && tool.isFreeform === true);
  return isFreeform ? { name, input, isFreeform } : { name, input };
}

/** Codex has a shell and a patch format, and nothing else to read and write files with. */
const SHELLS_FOR_FILES = new Set(["exec_command", "shell", "shell_command"]);

function asCommand(action: Action, tools: readonly OfferedTool[], cwd: string): ToolCall | undefined {
  if (!tools.some((tool) => SHELLS_FOR_FILES.has(tool.name))) return undefined;
  const command = commandFor(action, cwd);
  return command === undefined
    ? undefined
    : toToolCall({ kind: "shell", command, background: false }, tools, cwd);
}

function commandFor(action: Action, cwd: string): string | undefined {
  switch (action.kind) {
    case "write": {
      const path = quoted(absolute(action.path, cwd));
      return `mkdir -p "$(dirname ${path})" && printf %s ${quoted(action.text)} > ${path}`;
    }
    case "read":
      return `cat ${quoted(absolute(action.path, cwd))}`;
    case "edit": {
      const lines = (text: string, mark: string) => text.split("\n").map((line) => `${mark}${line}`);
      const change = [...lines(action.old, "-"), ...lines(action.new, "+")].join("\n");
      const file = absolute(action.path, cwd);
      return `apply_patch <<'END_OF_PATCH'\n*** Begin Patch\n*** Update File: ${file}\n@@\n${change}\n*** End Patch\nEND_OF_PATCH`;
    }
    default:
      return undefined;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
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

import { relative } from "node:path";
import type { ToolKind } from "@agency/contract";
import type { ToolCall } from "@agency/core";
import { oneLine } from "../../shared/cap-text.ts";
import { fieldsOf, textOf } from "./read-value.ts";

const KINDS: Readonly<Record<string, ToolKind>> = {
  Read: "read",
  NotebookRead: "read",
  TaskOutput: "read",
  Write: "edit",
  Edit: "edit",
  MultiEdit: "edit",
  NotebookEdit: "edit",
  Bash: "execute",
  Monitor: "execute",
  Glob: "search",
  Grep: "search",
  ToolSearch: "search",
  WebSearch: "search",
  WebFetch: "fetch",
  Agent: "agent",
  Task: "agent",
  Workflow: "agent",
};

export function toolKind(name: string): ToolKind {
  if (name.startsWith("mcp__")) return "mcp";
  return Object.hasOwn(KINDS, name) ? (KINDS[name] ?? "other") : "other";
}

/** The input field that says in few words what a call is about, the most telling one first. */
const TITLE_FIELDS = [
  "file_path",
  "notebook_path",
  "command",
  "subject",
  "description",
  "pattern",
  "query",
  "url",
  "name",
];

export function toolTitle(input: unknown, cwd: string): string | undefined {
  const fields = fieldsOf(input);
  for (const field of TITLE_FIELDS) {
    const value = textOf(fields[field]);
    if (value !== undefined && value.trim() !== "")
      return oneLine(field.endsWith("_path") ? workspacePath(value, cwd) : value);
  }
  return undefined;
}

/** What a call is about, for whoever decides whether it may run. */
export function toolCall(id: string, name: string, input: unknown, cwd: string): ToolCall {
  const kind = toolKind(name);
  const command = kind === "execute" ? textOf(fieldsOf(input)["command"]) : undefined;
  const title = toolTitle(input, cwd) ?? name;
  return { id, name, kind, title, input, ...(command === undefined ? {} : { command }) };
}

/** Inside the workspace a path is said relative to it; anything else stays absolute. */
export function workspacePath(path: string, cwd: string): string {
  if (!path.startsWith("/")) return path;
  const inside = relative(cwd, path);
  return inside === "" || inside.startsWith("../") || inside === ".." ? path : inside;
}

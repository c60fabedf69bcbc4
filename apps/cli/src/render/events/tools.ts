import type { Json, ToolKind } from "@agency/contract";
import { formatDuration, lineCounts, plural } from "../numbers.ts";
import { joined, quoted, row } from "../row.ts";
import { oneLine, plain } from "../text.ts";
import type { OpenTool, Renderer, Renderers, View } from "./view.ts";

const MARKS: Record<ToolKind, string> = {
  read: "read",
  edit: "edit",
  delete: "delete",
  execute: "$",
  search: "search",
  fetch: "fetch",
  agent: "agent",
  mcp: "tool",
  other: "tool",
};
const DOING: Record<ToolKind, string> = {
  read: "Reading",
  edit: "Editing",
  delete: "Deleting",
  execute: "Running",
  search: "Searching for",
  fetch: "Fetching",
  agent: "Sub-agent:",
  mcp: "Using",
  other: "Using",
};
const SHOWN_WHEN_FAILED = 10;
const SHOWN_WHEN_OK = 3;

type Tools = "tool_start" | "tool_end" | "command" | "file_change" | "test_run";

export const toolRenderers: Renderers<Tools> = {
  tool_start: (data, view) => {
    const tool: OpenTool = {
      name: data.name,
      kind: data.kind,
      text: toolText(data),
      nested: data.parentToolId !== undefined,
      printed: false,
    };
    view.tools.set(data.id, tool);
    view.activity = oneLine(`${DOING[tool.kind]} ${tool.text}`);
    return [];
  },
  tool_end: (data, view) => {
    const tool = view.tools.get(data.id);
    if (tool === undefined) return [];
    view.tools.delete(data.id);
    view.activity = null;
    if (tool.kind === "execute") return renderExecution(data, tool, view);
    // What an edit did is said by the file_change that comes with it.
    if (data.status === "ok" && (tool.kind === "edit" || tool.kind === "delete")) return [];
    return renderPlainTool(data, tool, view);
  },
  command: (data, view) => {
    const tool = data.toolId === undefined ? undefined : view.tools.get(data.toolId);
    if (tool !== undefined) tool.printed = true;
    else if (data.toolId !== undefined && view.printedCommands.has(data.toolId)) return [];
    return [commandRow(data.command, data.exitCode, data.durationMs, view, tool?.nested ?? false)];
  },
  file_change: (data, view) => {
    const { path, op, added, removed } = data;
    if (data.source === "workspace_diff") {
      view.changes.push({ path, op, added, removed });
      return [];
    }
    const mark = op === "modify" ? "edit" : op;
    return [
      row(view.look, { mark, text: path, meta: lineCounts(added, removed), paint: view.look.style.yellow }),
    ];
  },
  test_run: (data, view) => {
    const { style } = view.look;
    const counts = joined(
      `${data.passed} passed`,
      data.failed > 0 ? `${data.failed} failed` : null,
      data.skipped > 0 ? `${data.skipped} skipped` : null,
    );
    const meta = data.durationMs === undefined ? "" : formatDuration(data.durationMs);
    return [
      row(view.look, { mark: "tests", text: counts, meta, paint: data.failed > 0 ? style.red : style.green }),
    ];
  },
};

type ToolEnd = Parameters<Renderer<"tool_end">>[0];

function renderExecution(end: ToolEnd, tool: OpenTool, view: View): string[] {
  rememberPrinted(view, end.id);
  const failed = end.status !== "ok" || (end.exitCode ?? 0) !== 0;
  const head = tool.printed
    ? []
    : [commandRow(tool.text, end.exitCode ?? null, end.durationMs, view, tool.nested, stopWord(end.status))];
  return [
    ...head,
    ...quoted(view.look, tail(end.output, failed ? SHOWN_WHEN_FAILED : SHOWN_WHEN_OK), tool.nested),
  ];
}

function renderPlainTool(end: ToolEnd, tool: OpenTool, view: View): string[] {
  const { look } = view;
  const known = MARKS[tool.kind];
  const text = known === "tool" && tool.text !== tool.name ? `${tool.name} ${tool.text}` : tool.text;
  if (end.status === "ok")
    return [row(look, { mark: known, text, nested: tool.nested, paint: look.style.dim })];
  const head = row(look, {
    mark: known,
    text,
    meta: stopWord(end.status),
    nested: tool.nested,
    paint: look.style.red,
  });
  return [head, ...quoted(look, tail(end.output, SHOWN_WHEN_OK), tool.nested)];
}

function stopWord(status: ToolEnd["status"]): string {
  return { ok: "", error: "failed", denied: "not allowed", aborted: "stopped" }[status];
}

function commandRow(
  text: string,
  exitCode: number | null,
  durationMs: number | undefined,
  { look }: View,
  nested: boolean,
  stopped = "",
): string {
  const ended = exitCode === null ? stopped : `exit ${exitCode}`;
  const meta = joined(ended, durationMs === undefined ? null : formatDuration(durationMs));
  const paint =
    exitCode === 0
      ? look.style.green
      : exitCode === null && stopped === ""
        ? look.style.cyan
        : look.style.red;
  return row(look, { mark: "$", text, meta, nested, paint });
}

/** Order of `command` and `tool_end` is the engine's own; whichever comes second must not repeat the first. */
function rememberPrinted(view: View, toolId: string): void {
  view.printedCommands.add(toolId);
  const oldest = view.printedCommands.values().next();
  if (view.printedCommands.size > 200 && oldest.done !== true) view.printedCommands.delete(oldest.value);
}

function tail(output: string, most: number): string[] {
  const lines = plain(output)
    .split("\n")
    .map((line) => line.trimEnd());
  while (lines.at(-1) === "") lines.pop();
  if (lines.length <= most + 1) return lines;
  return [`… ${plural(lines.length - most, "line")} before`, ...lines.slice(-most)];
}

const TELLING_INPUTS = ["command", "file_path", "path", "pattern", "query", "url", "description", "prompt"];

/** What a tool works on: the engine's own title, or the input that says most. */
function toolText({
  name,
  kind,
  title,
  input,
}: {
  name: string;
  kind: ToolKind;
  title?: string | undefined;
  input: Json;
}): string {
  const fields = typeof input === "object" && input !== null && !Array.isArray(input) ? input : {};
  const found = TELLING_INPUTS.map((field) => fields[field]).find((value) => typeof value === "string");
  const told = typeof found === "string" ? found : undefined;
  return (kind === "execute" ? (told ?? title) : (title ?? told)) ?? name;
}

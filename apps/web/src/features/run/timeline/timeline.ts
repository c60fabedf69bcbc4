import type { EventOf, TaskEvent } from "@agency/contract";
import { noteOf } from "./notes.ts";
import type { Row, RowOf, Topic } from "./rows.ts";

/** Further entries of a run of like events go into one row, up to here: a row must stay something to look at. */
const MAX_GROUPED = 200;

/**
 * The rows of a run, in the order of their first event. Fed in order, each event once; costs what an event costs,
 * whatever came before. Rows are changed in place and say so by `rev`.
 */
export interface Timeline {
  readonly rows: readonly Row[];
  add(event: TaskEvent): void;
}

interface Open {
  rows: Row[];
  turn: number;
  /** Between two turns: the agent's next sign begins one. */
  between: boolean;
  texts: Map<string, RowOf<"text">>;
  tools: Map<string, RowOf<"tool">>;
  asks: Map<string, RowOf<"ask">>;
}

export function createTimeline(): Timeline {
  const open: Open = {
    rows: [],
    turn: 0,
    between: true,
    texts: new Map(),
    tools: new Map(),
    asks: new Map(),
  };
  return { rows: open.rows, add: (event) => addEvent(open, event) };
}

const OF_THE_AGENT = new Set<string>(["thinking", "text", "text_delta", "tool_start"]);

function addEvent(open: Open, event: TaskEvent): void {
  if (open.between && OF_THE_AGENT.has(event.type)) beginTurn(open, event);
  if (addTalk(open, event) || addTool(open, event) || addGrouped(open, event)) return;
  const note = noteOf(event);
  if (note === null) return;
  const { topic, tone, title, detail } = note;
  open.rows.push({ ...base(open, event, topic), kind: "note", tone, title, detail });
}

function base(open: Open, event: TaskEvent, topic: Topic) {
  return { seq: event.seq, at: event.at, turn: open.turn, rev: 0, topic };
}

function beginTurn(open: Open, event: TaskEvent): void {
  open.between = false;
  open.turn += 1;
  open.rows.push({ ...base(open, event, "talk"), kind: "turn", number: open.turn, end: null });
}

function addTalk(open: Open, event: TaskEvent): boolean {
  switch (event.type) {
    case "message":
      open.rows.push({
        ...base(open, event, "talk"),
        kind: "message",
        text: event.data.text,
        mode: event.data.mode,
      });
      return true;
    case "thinking":
      if (event.data.text.trim() === "") return true;
      open.rows.push({
        ...base(open, event, "talk"),
        kind: "thinking",
        text: event.data.text,
        sub: event.data.parentToolId !== undefined,
      });
      return true;
    case "text":
    case "text_delta":
      addText(open, event);
      return true;
    case "turn_end":
      endTurn(open, event, event.data);
      return true;
    default:
      return false;
  }
}

/** A message that is being typed grows; the whole text, once it is there, takes the place of the pieces. */
function addText(open: Open, event: TaskEvent & (EventOf<"text"> | EventOf<"text_delta">)): void {
  const { messageId, text } = event.data;
  const typed = open.texts.get(messageId);
  if (typed === undefined) {
    const sub = event.type === "text" && event.data.parentToolId !== undefined;
    const row: RowOf<"text"> = {
      ...base(open, event, "talk"),
      kind: "text",
      messageId,
      text,
      typing: event.type === "text_delta",
      sub,
    };
    open.rows.push(row);
    if (row.typing) open.texts.set(messageId, row);
    return;
  }
  typed.text = event.type === "text" ? text : typed.text + text;
  typed.typing = event.type === "text_delta";
  typed.rev += 1;
  if (!typed.typing) open.texts.delete(messageId);
}

function endTurn(open: Open, event: TaskEvent, data: EventOf<"turn_end">["data"]): void {
  const begun = open.rows.findLast((row) => row.kind === "turn");
  open.between = true;
  for (const row of open.texts.values()) Object.assign(row, { typing: false, rev: row.rev + 1 });
  open.texts.clear();
  if (begun?.kind !== "turn" || begun.end !== null) return;
  begun.end = { at: event.at, stop: data.stop, turns: data.turns ?? null };
  begun.rev += 1;
}

function addTool(open: Open, event: TaskEvent): boolean {
  switch (event.type) {
    case "tool_start": {
      const row: RowOf<"tool"> = {
        ...base(open, event, "tools"),
        kind: "tool",
        call: event.data,
        end: null,
        changes: [],
        tests: null,
      };
      open.rows.push(row);
      open.tools.set(event.data.id, row);
      return true;
    }
    case "tool_end":
      return changeTool(open, event.data.id, { end: event.data });
    case "command":
      return event.data.toolId !== undefined && open.tools.has(event.data.toolId);
    case "test_run":
      return changeTool(open, event.data.toolId, { tests: event.data });
    case "file_change":
      addChange(open, event, event.data);
      return true;
    default:
      return false;
  }
}

function changeTool(open: Open, id: string | undefined, change: Partial<RowOf<"tool">>): boolean {
  const row = id === undefined ? undefined : open.tools.get(id);
  if (row === undefined) return false;
  Object.assign(row, change, { rev: row.rev + 1 });
  return true;
}

function addChange(open: Open, event: TaskEvent, change: EventOf<"file_change">["data"]): void {
  const tool = change.toolId === undefined ? undefined : open.tools.get(change.toolId);
  if (tool === undefined || tool.changes.length >= MAX_GROUPED) {
    open.rows.push({ ...base(open, event, "changes"), kind: "change", change });
    return;
  }
  tool.changes.push(change);
  tool.topic = "changes";
  tool.rev += 1;
}

function addGrouped(open: Open, event: TaskEvent): boolean {
  const last = open.rows.at(-1);
  switch (event.type) {
    case "network":
      if (last?.kind === "network" && last.calls.length < MAX_GROUPED)
        return joined(last, last.calls, event.data);
      open.rows.push({ ...base(open, event, "network"), kind: "network", calls: [event.data] });
      return true;
    case "log":
      if (last?.kind === "log" && last.lines.length < MAX_GROUPED)
        return joined(last, last.lines, event.data);
      open.rows.push({ ...base(open, event, "tools"), kind: "log", lines: [event.data] });
      return true;
    case "check":
      open.rows.push({
        ...base(open, event, event.data.passed ? "milestones" : "problems"),
        kind: "check",
        check: event.data,
      });
      return true;
    default:
      return addAsk(open, event);
  }
}

function joined<T>(row: Row, list: T[], entry: T): true {
  list.push(entry);
  row.rev += 1;
  return true;
}

function addAsk(open: Open, event: TaskEvent): boolean {
  if (event.type === "ask") {
    const row: RowOf<"ask"> = {
      ...base(open, event, "talk"),
      kind: "ask",
      ask: event.data.ask,
      answered: null,
    };
    open.rows.push(row);
    open.asks.set(event.data.ask.id, row);
    return true;
  }
  if (event.type !== "answer") return false;
  const asked = open.asks.get(event.data.askId);
  if (asked !== undefined) Object.assign(asked, { answered: event.data, rev: asked.rev + 1 });
  return true;
}

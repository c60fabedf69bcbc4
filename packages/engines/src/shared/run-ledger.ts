import type { EngineEvent } from "@agency/core";

type Stop = Extract<EngineEvent, { type: "turn_end" }>["data"]["stop"];

/** What may be said before the session is known. */
const BEFORE_SESSION: ReadonlySet<EngineEvent["type"]> = new Set(["activity", "notice", "log", "error"]);

/** Holds every engine to the rules of the port, whatever the program behind it says. */
export interface RunLedger {
  /** An input the engine took; it will be in exactly one turn_end. */
  accept(inputId: string): void;
  readonly openInputs: number;
  /** The event to pass on; undefined when the rules leave no place for it. */
  admit(event: EngineEvent): EngineEvent | undefined;
  /** What must still be said before `end`: broken-off tools and subtasks, and the turn of the inputs left. */
  closing(stop: Stop): EngineEvent[];
}

interface Books {
  hasSession: boolean;
  inputs: Set<string>;
  tools: Set<string>;
  subtasks: Map<string, "bash" | "agent" | "other">;
}

export function createRunLedger(): RunLedger {
  const books: Books = { hasSession: false, inputs: new Set(), tools: new Set(), subtasks: new Map() };
  return {
    accept: (inputId) => void books.inputs.add(inputId),
    get openInputs() {
      return books.inputs.size;
    },
    admit(event) {
      if (!books.hasSession && event.type !== "session" && !BEFORE_SESSION.has(event.type)) return undefined;
      return admit(books, event);
    },
    closing(stop) {
      const aborted = [...books.tools].map((id) => brokenOff(id));
      const stopped = [...books.subtasks].map(([id, what]) => stoppedSubtask(id, what));
      const inputIds = [...books.inputs];
      for (const open of [books.tools, books.subtasks, books.inputs]) open.clear();
      // Without a session nothing was taken up, so there is no turn to end.
      const turn = books.hasSession && inputIds.length > 0 ? [turnEnd(inputIds, stop)] : [];
      return [...aborted, ...stopped, ...turn];
    },
  };
}

function admit(books: Books, event: EngineEvent): EngineEvent | undefined {
  switch (event.type) {
    case "session":
      if (books.hasSession) return undefined;
      books.hasSession = true;
      return event;
    case "tool_start":
      if (books.tools.has(event.data.id)) return undefined;
      books.tools.add(event.data.id);
      return event;
    case "tool_end":
      return books.tools.delete(event.data.id) ? event : undefined;
    case "subtask":
      if (event.data.status === "started") books.subtasks.set(event.data.id, event.data.what);
      else books.subtasks.delete(event.data.id);
      return event;
    case "turn_end": {
      const inputIds = event.data.inputIds.filter((id) => books.inputs.delete(id));
      return { ...event, data: { ...event.data, inputIds } };
    }
    default:
      return event;
  }
}

function brokenOff(id: string): EngineEvent {
  return { type: "tool_end", data: { id, status: "aborted", output: "", outputBytes: 0, truncated: false } };
}

function stoppedSubtask(id: string, what: "bash" | "agent" | "other"): EngineEvent {
  return { type: "subtask", data: { id, status: "stopped", what } };
}

function turnEnd(inputIds: string[], stop: Stop): EngineEvent {
  return { type: "turn_end", data: { inputIds, stop, text: "" } };
}

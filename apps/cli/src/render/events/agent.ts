import type { EventOf } from "@agency/contract";
import { joined, row, sentence } from "../row.ts";
import { oneLine, plain, wrap } from "../text.ts";
import type { Renderers } from "./view.ts";

const WIDEST_TEXT = 100;

type Agent =
  | "session"
  | "activity"
  | "thinking"
  | "text"
  | "text_delta"
  | "turn_end"
  | "subtask"
  | "log"
  | "message";

export const agentRenderers: Renderers<Agent> = {
  session: (data, view) => {
    const text = `${data.engine} ${data.engineVersion}`;
    const meta = joined(oneLine(data.model), data.resumed ? "resumed" : null);
    return [row(view.look, { mark: "engine", text, meta, paint: view.look.style.dim })];
  },
  activity: (data, view) => {
    const words = ACTIVITIES[data.state];
    const note = data.note === undefined ? null : oneLine(data.note);
    // A running tool says more than "a tool is running".
    if (data.state !== "tool" || note !== null) view.activity = note ?? words;
    return [];
  },
  thinking: (_, view) => {
    view.activity = ACTIVITIES.thinking;
    return [];
  },
  text: (data, view) => {
    const text = plain(data.text).trim();
    if (text === "") return [];
    if (data.parentToolId === undefined) view.lastText = text;
    const indent = data.parentToolId === undefined ? "  " : "    ";
    const width =
      Math.min(view.look.width, Number.isFinite(view.look.width) ? WIDEST_TEXT : Infinity) - indent.length;
    const lines = wrap(text, width).map((line) => (line === "" ? "" : indent + line));
    return ["", ...lines, ""];
  },
  text_delta: (_, view) => {
    view.activity = ACTIVITIES.responding;
    return [];
  },
  turn_end: (data, view) => {
    view.activity = null;
    if (data.stop === "completed") return [];
    return [row(view.look, { mark: "turn", text: TURN_STOPS[data.stop], paint: view.look.style.yellow })];
  },
  subtask: (data, view) => {
    const text =
      data.summary ?? (data.what === "bash" ? "a command in the background" : `a ${data.what} task`);
    return [row(view.look, { mark: "aside", text, meta: data.status, paint: view.look.style.dim })];
  },
  log: (data, view) => {
    const { style } = view.look;
    const paint = { stdout: (line: string) => line, stderr: style.dim, runner: style.dim }[data.stream];
    const lines = plain(data.text).replace(/\n$/, "").split("\n");
    const cut = data.truncated === true ? [style.dim("  … cut here: the line was too long")] : [];
    return [...lines.map((line) => paint(`  ${line}`)), ...cut];
  },
  message: (data, view) => {
    const text = data.mode === "next_turn" ? `${data.text} (for the next turn)` : data.text;
    return sentence(view.look, { mark: "you", text, paint: view.look.style.cyan });
  },
};

const ACTIVITIES: Record<EventOf<"activity">["data"]["state"], string> = {
  requesting: "Waiting for the model",
  thinking: "Thinking",
  responding: "Writing",
  tool: "Using a tool",
  retrying: "Trying again",
  compacting: "Condensing its memory",
  background: "Working in the background",
  waiting_user: "Waiting for you",
  idle: "Idle",
};

const TURN_STOPS: Record<Exclude<EventOf<"turn_end">["data"]["stop"], "completed">, string> = {
  interrupted: "The turn was interrupted.",
  max_turns: "All turns are used.",
  budget: "The budget is used.",
  refusal: "The model refused.",
  error: "The turn ended with an error.",
};

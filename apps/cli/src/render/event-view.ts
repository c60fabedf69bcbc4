import type { EventType, TaskEvent } from "@agency/contract";
import { agentRenderers } from "./events/agent.ts";
import { controlRenderers } from "./events/control.ts";
import { progressRenderers } from "./events/progress.ts";
import { toolRenderers } from "./events/tools.ts";
import { waitingRenderers } from "./events/waiting.ts";
import type { Renderers, Told, View } from "./events/view.ts";
import type { Look } from "./row.ts";

const renderers: Renderers = {
  ...agentRenderers,
  ...controlRenderers,
  ...progressRenderers,
  ...toolRenderers,
  ...waitingRenderers,
};

export interface EventView {
  /** The lines an event adds to what is on the screen; most add one, some none. */
  lines(event: TaskEvent): string[];
  /** What goes on right now, in words. */
  readonly activity: string | null;
  readonly costUsd: number;
  readonly budgetUsd: number;
  readonly lastText: string;
  /** The changed files were listed at the end. */
  readonly listedChanges: boolean;
}

/** The events of one task as lines for a person. Feed it the events in order. */
export function createEventView(
  look: Look,
  start: { taskId: string; startedAtMs: number | null; costUsd: number; budgetUsd: number },
): EventView {
  const view: View = {
    look,
    taskId: start.taskId,
    tools: new Map(),
    printedCommands: new Set(),
    features: new Map(),
    changes: [],
    counted: null,
    activity: null,
    costUsd: start.costUsd,
    budgetUsd: start.budgetUsd,
    lastText: "",
    toldFailure: null,
    startedAtMs: start.startedAtMs,
  };
  let blank = true;
  return {
    lines: (event) => {
      const lines = render(event, view).filter((line, index, all) => line !== "" || all[index - 1] !== "");
      if (blank && lines[0] === "") lines.shift();
      if (lines.length > 0) blank = lines.at(-1) === "";
      return lines;
    },
    get activity() {
      return view.activity;
    },
    get costUsd() {
      return view.costUsd;
    },
    get budgetUsd() {
      return view.budgetUsd;
    },
    get lastText() {
      return view.lastText;
    },
    get listedChanges() {
      return view.changes.length > 0;
    },
  };
}

function render<T extends EventType>(event: Told<T>, view: View): string[] {
  return renderers[event.type](event.data, view, event.at);
}

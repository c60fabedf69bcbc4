import type { Reason, Task } from "@agency/contract";
import { formatAge, formatDuration, formatUsd } from "./numbers.ts";
import type { Look } from "./row.ts";
import { paintState, runTimeMs, shortIds } from "./task-words.ts";
import { columns, oneLine, padEnd, truncate } from "./text.ts";

/** A task that waits says for what: the table is where people look for it. */
function stateOf({ state, reason }: Task): string {
  if (state !== "waiting" || reason === null) return state;
  return `waiting: ${WAITS[reason] ?? reason}`;
}

const WAITS: Partial<Record<Reason, string>> = {
  needs_input: "answer",
  needs_approval: "approval",
  usage_limit: "usage limit",
  budget: "budget",
  paused_by_user: "paused",
};

interface Column {
  title: string;
  cell: (task: Task) => string;
  paint?: (task: Task) => (text: string) => string;
}

/** Newest first, as the server lists them. The name comes last because it may be cut. */
export function renderTaskTable(tasks: readonly Task[], look: Look, nowMs: number): string[] {
  const shortest = shortIds(tasks.map((task) => task.id));
  const took = (task: Task) => runTimeMs(task, nowMs);
  const table: Column[] = [
    { title: "STATE", cell: stateOf, paint: (task) => paintState(look.style, task.state) },
    { title: "AGE", cell: (task) => formatAge(nowMs - Date.parse(task.createdAt)) },
    { title: "TIME", cell: (task) => (took(task) === null ? "-" : formatDuration(took(task) ?? 0)) },
    { title: "COST", cell: (task) => (task.costUsd === 0 ? "-" : formatUsd(task.costUsd)) },
    { title: "ENGINE", cell: (task) => oneLine(task.engine) },
    { title: "ID", cell: (task) => shortest.get(task.id) ?? task.id },
  ];
  const widths = table.map(({ title, cell }) =>
    Math.max(title.length, ...tasks.map((task) => columns(cell(task)))),
  );
  const room = Math.max(10, look.width - widths.reduce((sum, width) => sum + width + 2, 0));
  const head = table.map(({ title }, index) => padEnd(title, widths[index] ?? 0)).join("  ");
  const rows = tasks.map((task) => {
    const cells = table.map(({ cell, paint }, index) => {
      const text = padEnd(cell(task), widths[index] ?? 0);
      return paint === undefined ? text : paint(task)(text);
    });
    return `${cells.join("  ")}  ${truncate(oneLine(task.name), room)}`;
  });
  return [look.style.dim(`${head}  NAME`), ...rows];
}

import type { Task } from "@agency/contract";
import { formatLimit, formatUsd, lineCounts, plural } from "./numbers.ts";
import { joined } from "./row.ts";
import type { Look } from "./row.ts";
import { keptOf, outcomeOf } from "./task-outcome.ts";
import { oneLine, plain, truncate, wrap } from "./text.ts";

/** The head of a live view: which task this is and what binds it. */
export function renderTaskStart(task: Task, { style, width }: Look): string[] {
  const limits = joined(
    task.engine,
    task.model,
    task.demo ? "scripted model (demo)" : null,
    task.provider,
    `up to ${formatLimit(task.limits.wallMs)} and ${formatUsd(task.limits.costUsd)}`,
  );
  return [
    style.bold(truncate(oneLine(task.name), width)),
    style.dim(truncate(oneLine(`${task.id} · ${limits}`), width)),
    "",
  ];
}

/** What is left when the view ends: what changed, where it is, and how to look again. */
export function renderTaskEnd(
  task: Task,
  { style, width }: Look,
  shown: { lastText: string; listedChanges: boolean } | null,
): string[] {
  const { result } = task;
  const summary = plain(result?.summary ?? "").trim();
  const known = summary === "" || summary === shown?.lastText;
  const fact = (label: string, text: string | null) =>
    text === null ? [] : [`  ${style.dim(label)}  ${text}`];
  const workspace = result?.workspace ?? null;
  return [
    ...(known
      ? []
      : ["", ...wrap(summary, Math.min(width, 100) - 2).map((line) => (line === "" ? "" : `  ${line}`))]),
    ...fact("Changed", shown?.listedChanges === true ? null : changedOf(task)),
    ...fact(
      "Billed ",
      task.demo ? "nothing: the scripted model is free, the cost shows what a real one would take" : null,
    ),
    ...fact("Files  ", workspace === null ? null : oneLine(workspace)),
    ...outcomeOf(task).flatMap(([label, text]) =>
      fact(label.padEnd(7), text === null ? null : oneLine(text)),
    ),
    ...fact("Sandbox", keptOf(task)),
    ...fact("Again  ", `agency show ${task.id}`),
  ];
}

export function changedOf({ result }: Task): string | null {
  if (result?.files === null || result?.files === undefined) return null;
  if (result.files === 0) return "nothing";
  return joined(plural(result.files, "file"), lineCounts(result.added, result.removed));
}

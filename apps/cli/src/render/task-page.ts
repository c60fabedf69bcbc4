import { networkText } from "@agency/contract";
import type { Task } from "@agency/contract";
import { renderAsk } from "./events/waiting.ts";
import { formatAge, formatCount, formatDuration, formatLimit, formatUsd, plural } from "./numbers.ts";
import { joined } from "./row.ts";
import type { Look } from "./row.ts";
import { changedOf } from "./task-frame.ts";
import { keptOf, outcomeOf } from "./task-outcome.ts";
import { isOver, paintState, runTimeMs } from "./task-words.ts";
import { oneLine, padEnd, plain, wrap } from "./text.ts";

const LABEL_COLUMNS = 11;
const WIDEST_TEXT = 100;
const MOST_PROMPT_LINES = 20;

/** Everything one task has to say, in the order a person asks for it. */
export function renderTaskPage(task: Task, look: Look, nowMs: number): string[] {
  const { style } = look;
  const shown = factsOf(task, nowMs).flatMap(([label, text]) =>
    text === null || text === "" ? [] : [`  ${style.dim(padEnd(label, LABEL_COLUMNS))}${oneLine(text)}`],
  );
  const state = paintState(style, task.state)(task.state);
  return [
    `${style.bold(oneLine(task.name))}  ${state}`,
    ...(task.message === null ? [] : paragraph(task.message, look)),
    ...task.asks.flatMap((ask) => ["", ...renderAsk(ask, look)]),
    ...wayOn(task, look),
    "",
    ...shown,
    "",
    style.bold("Prompt"),
    ...promptOf(task, look),
    ...(task.result === null || task.result.summary.trim() === ""
      ? []
      : ["", style.bold("Last words"), ...paragraph(task.result.summary, look)]),
  ];
}

function factsOf(task: Task, nowMs: number): [string, string | null][] {
  return [
    ["Id", task.id],
    ["Now", isOver(task.state) ? null : joined(task.activity, task.cancelRequested ? "stopping" : null)],
    ["Engine", joined(task.engine, task.model, task.demo ? "scripted model (demo)" : null)],
    ["Runs on", joined(task.provider, `network ${networkText(task.network)}`, internalOf(task))],
    ["Repository", task.repository === null ? null : joined(task.repository.url, task.repository.branch)],
    ["Also reads", task.repositories.join(", ")],
    [
      "Approval",
      task.approve === "none" ? null : `asked for ${task.approve === "all" ? "every change" : "commands"}`,
    ],
    ["Project", task.project],
    [
      "Labels",
      Object.entries(task.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(", "),
    ],
    ...promisedOf(task),
    ["Priority", task.priority === 0 ? null : String(task.priority)],
    ["Not before", task.notBefore],
    ["Created", `${task.createdAt} (${formatAge(nowMs - Date.parse(task.createdAt))} ago)`],
    ["Took", timeOf(task, nowMs)],
    ["Waited", task.waitedMs < 1000 ? null : formatDuration(task.waitedMs)],
    ["Cost", costOf(task)],
    ["Tokens", tokensOf(task)],
    ["Limits", limitsOf(task)],
    ["Attempt", task.attempt > 1 ? String(task.attempt) : null],
    ["Events", task.lastSeq === 0 ? null : joined(String(task.lastSeq), newestOf(task, nowMs))],
    ["Changed", changedOf(task)],
    ["Sandbox", keptOf(task)],
    ["Files", task.result?.workspace ?? null],
    ...outcomeOf(task),
  ];
}

const DELIVERS: Record<Task["deliver"], string> = {
  none: "nothing but the log",
  files: "files and a patch",
  branch: "a branch",
  pr: "a pull request",
};

/** Where it comes from, and what it owes; once it is over the outcome says more. */
function promisedOf({ result, checks, deliver, resumedFrom, parentId }: Task): [string, string | null][] {
  const from =
    resumedFrom === null ? null : `from checkpoint ${resumedFrom.checkpoint} of ${resumedFrom.taskId}`;
  return [
    ["Checks", result === null ? checks.join(", ") : null],
    ["Delivers", result === null ? DELIVERS[deliver] : null],
    ["Goes on", from],
    ["Parent", parentId === resumedFrom?.taskId ? null : parentId],
  ];
}

/** The command that lets a task that waits go on. */
function wayOn({ id, waits, asks }: Task, { style }: Look): string[] {
  const ways: Record<string, string> = {
    paused_by_user: `agency resume ${id}`,
    budget: `agency budget ${id} +5`,
    needs_input: `agency answer ${id}`,
    needs_approval: `agency answer ${id} --yes`,
  };
  const commands = new Set(waits.flatMap(({ reason }) => ways[reason] ?? []));
  if (commands.size === 0) return [];
  const which = asks.length > 1 ? asks.map((ask) => style.dim(`  --ask ${ask.id}`)) : [];
  return ["", ...[...commands].map((line) => `  ${style.cyan(line)}`), ...which];
}

function internalOf({ allowInternalNetwork }: Task): string | null {
  return allowInternalNetwork ? "private networks open" : null;
}

function paragraph(text: string, { width }: Look): string[] {
  return wrap(plain(text).trim(), Math.min(width, WIDEST_TEXT) - 2).map((line) =>
    line === "" ? "" : `  ${line}`,
  );
}

function promptOf(task: Task, look: Look): string[] {
  const lines = paragraph(task.prompt, look);
  if (lines.length <= MOST_PROMPT_LINES) return lines;
  const more = lines.length - MOST_PROMPT_LINES;
  return [
    ...lines.slice(0, MOST_PROMPT_LINES),
    look.style.dim(`  … and ${plural(more, "more line")}: see --json`),
  ];
}

function timeOf(task: Task, nowMs: number): string | null {
  const took = runTimeMs(task, nowMs);
  return took === null ? null : `${formatDuration(took)}${task.finishedAt === null ? " so far" : ""}`;
}

function costOf({ costUsd, usage }: Task): string {
  return joined(formatUsd(costUsd), usage.calls === 0 ? null : plural(usage.calls, "model call"));
}

function tokensOf({ usage }: Task): string | null {
  if (usage.calls === 0) return null;
  return [
    `${formatCount(usage.input)} in`,
    `${formatCount(usage.output)} out`,
    `${formatCount(usage.cacheRead)} from cache`,
    `${formatCount(usage.cacheWrite)} to cache`,
  ].join(", ");
}

function limitsOf({ limits }: Task): string {
  return joined(
    formatLimit(limits.wallMs),
    `${formatLimit(limits.silenceMs)} of silence`,
    plural(limits.turns, "turn"),
    formatUsd(limits.costUsd),
    limits.treeCostUsd === undefined ? null : `${formatUsd(limits.treeCostUsd)} with all below it`,
  );
}

function newestOf({ lastEventAt }: Task, nowMs: number): string | null {
  return lastEventAt === null ? null : `newest ${formatAge(nowMs - Date.parse(lastEventAt))} ago`;
}

import { REASON_SENTENCES } from "@agency/contract";
import type { CheckResult, Outcome } from "@agency/contract";
import { foreignCode, foreignLine, foreignMarkdown } from "./foreign-text.ts";

export interface PullRequestFacts {
  readonly taskId: string;
  readonly name: string;
  readonly engine: string;
  readonly model: string | null;
  readonly costUsd: number;
  /** From the start of the run to now; null when that is not known. */
  readonly tookMs: number | null;
  readonly outcome: Outcome;
  /** Where the run can be looked at; null when this instance has no address for others. */
  readonly runUrl: string | null;
}

const MAX_TITLE = 200;
const MAX_SUMMARY = 40_000;

/** `hide` takes the secrets out of a text. */
export function pullRequestText(
  facts: PullRequestFacts,
  hide: (text: string) => string,
): { title: string; body: string } {
  const { outcome } = facts;
  const title = foreignLine(hide(facts.name), MAX_TITLE);
  const parts = [
    troubleOf(outcome),
    foreignMarkdown(hide(outcome.summary), MAX_SUMMARY),
    checksOf(outcome.checks, hide),
    `---\n${footerOf(facts)}`,
  ];
  // A second time: taking characters out may have joined the pieces of a secret.
  return {
    title: hide(title === "" ? `Work of task ${facts.taskId}` : title),
    body: hide(parts.filter((part) => part !== "").join("\n\n")),
  };
}

function troubleOf({ state, reason }: Outcome): string {
  if (state === "completed") return "";
  const why = reason === null ? "" : ` ${REASON_SENTENCES[reason].what}`;
  return `> **The task did not complete.**${why}`;
}

function checksOf(checks: readonly CheckResult[], hide: (text: string) => string): string {
  if (checks.length === 0) return "";
  const lines = checks.map(({ command, passed, exitCode, durationMs }) => {
    const how = passed ? "passed" : `**failed**${exitCode === null ? "" : ` with exit code ${exitCode}`}`;
    return `- ${foreignCode(hide(command), 300)} ${how} (${(durationMs / 1_000).toFixed(1)} s)`;
  });
  return `### Checks\n\n${lines.join("\n")}`;
}

function footerOf({ taskId, engine, model, costUsd, tookMs, outcome, runUrl }: PullRequestFacts): string {
  const { files, added, removed } = outcome;
  const run = runUrl === null ? `task ${taskId}` : `[task ${taskId}](${runUrl})`;
  return [
    `Made with Agency, ${run}`,
    model === null ? engine : `${engine} (${foreignCode(model, 100)})`,
    ...(files === null
      ? []
      : [`${files} ${files === 1 ? "file" : "files"}, +${added ?? 0} −${removed ?? 0}`]),
    ...(tookMs === null ? [] : [spanOf(tookMs)]),
    `$${costUsd.toFixed(2)}`,
  ].join(" · ");
}

function spanOf(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

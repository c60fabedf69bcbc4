import type { Task } from "@agency/contract";
import { plural } from "./numbers.ts";
import { joined } from "./row.ts";

/** A sandbox that stays, and the way into it. */
export function keptOf({ id, sandbox }: Pick<Task, "id" | "sandbox">): string | null {
  return sandbox === null ? null : `kept until ${sandbox.keptUntil}: agency shell ${id}`;
}

/** Why a branch or a pull request is not there, and the ways on. */
export function missingOf({ id, result }: Pick<Task, "id" | "result">): string | null {
  const why = result?.undelivered ?? null;
  return why === null
    ? null
    : `${why} Bring the work here: \`agency apply ${id}\`; or have it tried again: \`agency resume ${id} "go on"\`.`;
}

/** What was handed back and whether it held: labels of at most seven letters, in the order a person asks. */
export function outcomeOf(task: Task): [label: string, text: string | null][] {
  const { result } = task;
  if (result === null) return [];
  const { pullRequest, review = null, branch, commit, commits, checks } = result;
  const failed = checks.filter(({ passed }) => !passed);
  const passed = failed.length === 0 ? `${plural(checks.length, "check")} passed` : null;
  return [
    ["PR", pullRequest === null ? null : `#${pullRequest.number} ${pullRequest.url}`],
    ["Missing", missingOf(task)],
    ["Review", review],
    ["Branch", branch],
    [
      "Commit",
      commit === null
        ? null
        : joined(commit.slice(0, 12), commits.length > 1 ? `${commits.length} commits` : null),
    ],
    [
      "Checks",
      checks.length === 0 ? null : (passed ?? `failed: ${failed.map(({ command }) => command).join(", ")}`),
    ],
  ];
}

import { AgencyError } from "@agency/contract";
import { namesOf } from "./git-config.ts";
import type { ConfigEntry } from "./git-config.ts";

/** Never hooks, never a daemon, and submodules are left to themselves. */
const ALWAYS: [string, string][] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.pager", "cat"],
  ["credential.helper", ""],
  ["submodule.recurse", "false"],
];

/** What git itself does with texts: an empty command would drop one side in silence. */
const PLAIN_MERGE = "git merge-file -q --marker-size=%L -L ours -L base -L theirs %A %O %B";

/** Objects that are not here are not fetched: that would run transports, credential helpers and ssh. */
export const NO_PROGRAMS = { GIT_ALLOW_PROTOCOL: "none", GIT_NO_LAZY_FETCH: "1", GIT_TERMINAL_PROMPT: "0" };

/**
 * Arguments with which git runs no program that the user's configuration names: such a program may lie in the work tree,
 * where the agent can have changed it.
 */
export function withoutPrograms(config: readonly ConfigEntry[]): string[] {
  const filters = tellable(namesOf(config, "filter"), "filter").flatMap((name): [string, string][] => [
    [`filter.${name}.clean`, ""],
    [`filter.${name}.smudge`, ""],
    [`filter.${name}.process`, ""],
    [`filter.${name}.required`, "false"],
  ]);
  const drivers = tellable(namesOf(config, "merge"), "merge").map((name): [string, string] => [
    `merge.${name}.driver`,
    PLAIN_MERGE,
  ]);
  return [...ALWAYS, ...filters, ...drivers].flatMap(([key, value]) => ["-c", `${key}=${value}`]);
}

function tellable(names: readonly string[], section: string): readonly string[] {
  const odd = names.find((name) => name.includes("="));
  if (odd === undefined) return names;
  throw new AgencyError(
    "conflict",
    `Your git configuration has a ${section} called "${odd}", which cannot be kept from running.`,
    { next: "Give it a name without =." },
  );
}

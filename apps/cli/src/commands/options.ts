import { durationOption } from "../parse/duration.ts";
import { choiceOption, countOption, moneyOption, textOption } from "../parse/values.ts";
import { flag, list, value } from "../program/command.ts";
import type { OptionSpec } from "../program/command.ts";

export const json = flag("Print JSON for programs instead of text.");
/** Every command that talks to a server. */
export const api = {
  json,
  url: value("URL", "Server to talk to, instead of the one on this machine.", textOption),
};

const DELIVER = ["none", "files", "branch", "pr"] as const;

/** What work is held to and hands back: the same wherever a task is made. */
export const terms = {
  timeout: value("TIME", "Longest run, such as 4h or 30m.", durationOption, { short: "-t" }),
  budget: value("USD", "Most money for models, such as 5.", moneyOption),
  deliver: value(
    "WHAT",
    "What comes back: none, files, branch or pr; a branch when not given.",
    choiceOption(DELIVER),
    { choices: DELIVER },
  ),
  pr: value("N", "Work on the branch of this pull request.", countOption(1, 999_999_999)),
  check: list("CMD", "Must pass on the final commit, as 'npm test'; may be repeated.", textOption),
};

/** The same option, where something else holds when it is not given. */
export const unlessGiven = <S extends OptionSpec>(spec: S, otherwise: string): S => ({
  ...spec,
  describe: `${spec.describe.replace(/(; [^;]* when not given)?\.$/, "")}; ${otherwise} when not given.`,
});

import { longFlag } from "./command.ts";
import type { Command } from "./command.ts";

export interface Candidate {
  text: string;
  describe: string;
}

/** What fits at the end of a half-written command line; `task` where only the server knows. */
export function complete(commands: readonly Command[], words: readonly string[]): Candidate[] | "task" {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const fitting = (candidates: Candidate[]) => candidates.filter(({ text }) => text.startsWith(current));
  const visible = commands.filter((command) => !command.hidden);
  const command = visible.find(({ name }) => name === before[0]);
  if (before.length === 0)
    return fitting(visible.map(({ name, summary }) => ({ text: name, describe: summary })));
  if (command === undefined) return [];

  const expected = optionBefore(command, before.at(-1) ?? "");
  if (expected !== undefined) return fitting(toCandidates(expected));
  if (current.startsWith("-")) return fitting(flagsOf(command));
  const arg = argAt(command, positionOf(command, before.slice(1)));
  if (arg?.completes === "task") return "task";
  return fitting(toCandidates(arg?.completes ?? []));
}

const toCandidates = (texts: readonly string[]): Candidate[] => texts.map((text) => ({ text, describe: "" }));

/** The choices of the option that waits for its value; undefined when none does. */
function optionBefore(command: Command, word: string): readonly string[] | undefined {
  const found = Object.entries(command.options).find(
    ([key, spec]) => spec.kind !== "flag" && (longFlag(key) === word || spec.short === word),
  );
  if (found === undefined) return undefined;
  const [, spec] = found;
  return spec.kind === "flag" ? [] : (spec.choices ?? []);
}

function flagsOf(command: Command): Candidate[] {
  const own = Object.entries(command.options).map(([key, { describe }]) => ({
    text: longFlag(key),
    describe,
  }));
  return [...own, { text: "--help", describe: "Print help." }];
}

/** How many arguments stand before the cursor, the values of options left out. */
function positionOf(command: Command, words: readonly string[]): number {
  return words.filter((word, index) => {
    const previous = words[index - 1];
    const isValue = previous !== undefined && optionBefore(command, previous) !== undefined;
    return !isValue && !(word.startsWith("-") && word !== "-");
  }).length;
}

function argAt(command: Command, position: number) {
  const args = Object.values(command.args);
  const last = args.at(-1);
  const repeats = last?.arity === "some" || last?.arity === "any";
  return args[position] ?? (repeats ? last : undefined);
}

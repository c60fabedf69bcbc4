import { choiceOption } from "../parse/values.ts";
import { command } from "../program/command.ts";
import { complete } from "../program/complete.ts";
import type { Command } from "../program/command.ts";
import { completionScript, SHELLS } from "../program/completion-scripts.ts";
import { json } from "./options.ts";

const group = "Shell";

const version = command({
  name: "version",
  group,
  summary: "Print the version.",
  args: {},
  options: { json },
  run: async (session) => (await import("../flows/shell.ts")).version(session),
});

const completion = command({
  name: "completion",
  group,
  summary: "Print the completion script of a shell.",
  options: {},
  args: { shell: { arity: "one", describe: SHELLS.join(", "), completes: SHELLS } },
  examples: ["source <(agency completion bash)"],
  run: async ({ output }, { args }) => {
    output.print(completionScript(choiceOption(SHELLS)(args.shell, "The shell")));
    return 0;
  },
});

/** What the scripts of `completion` ask. `commands` is all of them, known only when they are put together. */
export const completeCommand = (commands: () => readonly Command[]): Command =>
  command({
    options: {},
    name: "__complete",
    group,
    hidden: true,
    literal: true,
    summary: "Print what fits at the end of a half-written command line.",
    args: { words: { arity: "any", describe: "The words so far." } },
    run: async (session, { args }) => {
      const found = complete(commands(), args.words);
      const candidates =
        found === "task" ? await (await import("../flows/shell.ts")).taskCandidates(session) : found;
      const current = args.words.at(-1) ?? "";
      const fitting = candidates.filter(({ text }) => text.startsWith(current));
      session.output.print(fitting.map(({ text, describe }) => `${text}\t${describe}`));
      return 0;
    },
  });

export const shellCommands = [version, completion];

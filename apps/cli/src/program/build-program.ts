import { Command as Parser, CommanderError, Option } from "commander";
import type { Argument } from "commander";
import type { Output } from "../output.ts";
import { UsageError } from "../usage-error.ts";
import { longFlag } from "./command.ts";
import type { Command, Given, OptionSpec } from "./command.ts";

type Run = (command: Command, given: Given) => Promise<void>;

interface Surroundings {
  output: Output;
  version: string;
  run: Run;
}

/** Commander's parser and help for commands that are data. */
function buildProgram(commands: readonly Command[], { output, version, run }: Surroundings): Parser {
  const program = new Parser("agency")
    .description("Runs coding agents in sealed sandboxes, shows every step live, and hands back the work.")
    .usage("[command]")
    .version(version, "-V, --version", "Print the version.")
    .helpOption("-h, --help", "Print help.")
    .commandsGroup("Shell:")
    .helpCommand("help [command]", "Print help for a command.")
    .addHelpText("after", "\nWithout a command, Agency starts: `agency up`.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.print(text.replace(/\n$/, "")),
      // Errors come back as exceptions and are written in one place.
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(output.width, 100),
      getOutHasColors: () => output.style.bold("x") !== "x",
    })
    .configureHelp({ styleTitle: (text) => output.style.bold(text), subcommandTerm, minWidthToWrap: 20 });
  for (const command of commands) addCommand(program, command, run);
  return program;
}

/** Every command has options; saying so of each would push the summaries off the page. */
function subcommandTerm(parser: Parser): string {
  return [parser.name(), ...parser.registeredArguments.map(humanReadable)].join(" ");
}

function humanReadable(argument: Argument): string {
  const shown = argument.name() + (argument.variadic ? "..." : "");
  return argument.required ? `<${shown}>` : `[${shown}]`;
}

function addCommand(program: Parser, command: Command, run: Run): void {
  const names = Object.keys(command.args);
  const parser = program
    .command(command.name, { hidden: command.hidden })
    .description(command.summary)
    .helpGroup(`${command.group}:`);
  if (command.literal) parser.helpOption(false).allowUnknownOption();
  for (const [name, { arity, describe }] of Object.entries(command.args)) {
    const shown = name + (arity === "some" || arity === "any" ? "..." : "");
    parser.argument(arity === "one" || arity === "some" ? `<${shown}>` : `[${shown}]`, describe);
  }
  for (const [key, spec] of Object.entries(command.options)) parser.addOption(toOption(key, spec));
  if (command.examples.length > 0) {
    parser.addHelpText("after", ["", "Examples:", ...command.examples.map((line) => `  ${line}`)].join("\n"));
  }
  parser.action(() => {
    const args = Object.fromEntries(names.map((name, index) => [name, parser.processedArgs[index]]));
    return run(command, { args, options: withEmptyValues(command, parser.opts()) });
  });
}

function toOption(key: string, spec: OptionSpec): Option {
  const long = longFlag(key);
  const flags = (spec.short === undefined ? "" : `${spec.short}, `) + long;
  if (spec.kind === "flag") {
    const plain = new Option(flags, spec.describe);
    // Commander takes `--no-post` for the opposite of a `--post`, and would keep it under that name.
    plain.negate = false;
    return plain;
  }
  const option = new Option(`${flags} <${spec.value}>`, spec.describe);
  if (spec.kind === "value") return option.argParser((text) => spec.parse(text, long));
  return option.argParser((text, before: unknown[] | undefined) => [
    ...(before ?? []),
    spec.parse(text, long),
  ]);
}

/** Commander leaves out what was not given; a flag is then false and a list empty. */
function withEmptyValues(command: Command, given: Record<string, unknown>): Record<string, unknown> {
  const empty = { flag: false, list: [], value: undefined };
  return Object.fromEntries(
    Object.entries(command.options).map(([key, spec]) => [key, given[key] ?? empty[spec.kind]]),
  );
}

/** Parses and runs. Throws UsageError for what cannot be understood. */
export async function parseAndRun(
  argv: readonly string[],
  commands: readonly Command[],
  surroundings: Surroundings,
): Promise<void> {
  const program = buildProgram(commands, surroundings);
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw toUsageError(error, argv, commands);
  }
}

function toUsageError(
  error: CommanderError,
  argv: readonly string[],
  commands: readonly Command[],
): UsageError {
  const [what = "", hint] = error.message.replace(/^error: /, "").split("\n");
  const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1).replace(/\.$/, "")}.`;
  const meant = hint?.replace(/^\(|\)$/g, "");
  const known = commands.find((command) => command.name === argv[0]);
  return new UsageError(
    sentence,
    meant ?? `See \`agency ${known === undefined ? "" : `${known.name} `}--help\`.`,
  );
}

import { NotUnderstood, shown } from "./not-understood.ts";
import { readShell } from "./read-shell.ts";
import type { SimpleCommand } from "./read-shell.ts";
import type { ShellWord } from "./read-word.ts";

/** A command and those it is told to run in its turn. */
export interface CommandTree {
  readonly words: readonly string[];
  readonly inner: readonly CommandTree[];
  /** Does nothing but run them: judged by them alone. */
  readonly isWrapper: boolean;
}

interface Wrapper {
  /** Options that take the next word as their value. */
  readonly values: readonly string[];
  /** Variables may be set in front of the command. */
  readonly assigns?: boolean;
  /** Words of its own before the command. */
  readonly operands?: number;
}

const spaced = (text: string): string[] => text.split(" ");
const WRAPPERS: ReadonlyMap<string, Wrapper> = new Map<string, Wrapper>([
  [
    "sudo",
    {
      values: spaced(
        "-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot --role --type --other-user --close-from --command-timeout",
      ),
      assigns: true,
    },
  ],
  ["doas", { values: ["-u", "-C"] }],
  ["env", { values: spaced("-u -C --unset --chdir"), assigns: true }],
  ["nohup", { values: [] }],
  ["setsid", { values: [] }],
  ["command", { values: [] }],
  ["builtin", { values: [] }],
  ["busybox", { values: [] }],
  ["exec", { values: ["-a"] }],
  ["time", { values: spaced("-f -o --format --output") }],
  ["nice", { values: spaced("-n --adjustment") }],
  ["ionice", { values: spaced("-c -n --class --classdata") }],
  ["stdbuf", { values: spaced("-i -o -e --input --output --error") }],
  ["timeout", { values: spaced("-s -k --signal --kill-after"), operands: 1 }],
  [
    "xargs",
    {
      values: spaced(
        "-a -d -E -I -L -n -P -s --arg-file --delimiter --max-args --max-chars --max-procs --process-slot-var",
      ),
    },
  ],
]);
const SHELLS = new Set(["sh", "bash", "dash", "zsh", "ksh", "ash"]);
const SHELL_VALUES = new Set(["--rcfile", "--init-file"]);
const FIND_RUNS = new Set(["-exec", "-execdir", "-ok", "-okdir"]);
const ASSIGNMENT = /^[A-Za-z_]\w*=/;
/** Shells within shells within shells: nobody means well any more. */
const MAX_DEPTH = 10;

/** The commands of a line, each with what it runs itself. Throws NotUnderstood. */
export function readCommands(line: string, depth = 0): CommandTree[] {
  if (depth > MAX_DEPTH) throw new NotUnderstood("Shells are nested too deeply.");
  return readShell(line).map((command) => toTree(command, depth));
}

export function programOf(words: readonly string[]): string {
  const name = words[0] ?? "";
  return name.slice(name.lastIndexOf("/") + 1);
}

function toTree({ words, input }: SimpleCommand, depth: number): CommandTree {
  const texts = words.map(({ text }) => text);
  if (words[0]?.isFixed !== true)
    throw new NotUnderstood(`Which program ${shown(texts.join(" "))} runs is known only when it runs.`);
  const program = programOf(texts);
  const wrapper = WRAPPERS.get(program);
  if (wrapper !== undefined) return { words: texts, ...wrapped(program, wrapper, words, input, depth) };
  if (SHELLS.has(program)) return { words: texts, ...shell(words, input, depth) };
  if (program === "eval")
    return { words: texts, inner: readFixed(words.slice(1), texts, depth), isWrapper: true };
  if (program === "trap") return { words: texts, ...trap(words, texts, depth) };
  const inner = program === "find" ? foundCommands(words, depth) : [];
  return { words: texts, inner, isWrapper: false };
}

type Inside = Pick<CommandTree, "inner" | "isWrapper">;
const NOTHING_INSIDE: Inside = { inner: [], isWrapper: false };

function wrapped(
  program: string,
  wrapper: Wrapper,
  words: readonly ShellWord[],
  input: SimpleCommand["input"],
  depth: number,
): Inside {
  const asks = program === "command" && /^-[pvV]*[vV]/.test(words[1]?.text ?? "");
  if (asks) return NOTHING_INSIDE;
  if (program === "env" && words.some(({ text }) => /^(?:-\w*S|--split-string)/.test(text)))
    throw new NotUnderstood("What `env -S` runs is not understood.");
  const rest = words.slice(afterOptions(words, wrapper));
  return rest.length === 0
    ? NOTHING_INSIDE
    : { inner: [toTree({ words: rest, input }, depth)], isWrapper: true };
}

/** Where the wrapped command begins. */
function afterOptions(words: readonly ShellWord[], { values, assigns, operands }: Wrapper): number {
  const isOption = (text: string): boolean => text.startsWith("-") && text.length > 1;
  const isAssigned = (text: string): boolean => assigns === true && ASSIGNMENT.test(text);
  const textAt = (at: number): string => words[at]?.text ?? "";
  let at = 1;
  while (textAt(at) !== "--" && (isOption(textAt(at)) || isAssigned(textAt(at))))
    at += isOption(textAt(at)) && takesNext(textAt(at), values) ? 2 : 1;
  if (textAt(at) === "--") at += 1;
  // `env -- A=b program`
  while (isAssigned(textAt(at))) at += 1;
  return at + (operands ?? 0);
}

/** `-u root`, `-nu root`; not `-uroot`, `--user=root`. */
function takesNext(option: string, values: readonly string[]): boolean {
  if (values.includes(option)) return true;
  if (option.startsWith("--")) return false;
  const letters = option.slice(1).split("");
  return letters.findIndex((letter) => values.includes(`-${letter}`)) === letters.length - 1;
}

function shell(words: readonly ShellWord[], input: SimpleCommand["input"], depth: number): Inside {
  const { script, isGiven } = shellOperand(words);
  if (isGiven) {
    if (script === undefined) return NOTHING_INSIDE;
    const texts = words.map(({ text }) => text);
    return { inner: readFixed([script], texts, depth), isWrapper: true };
  }
  // A script file: what is in it nobody can tell from here. Judged by its name.
  if (script !== undefined) return NOTHING_INSIDE;
  if (input === null || !input.isFixed)
    throw new NotUnderstood(`What ${shown(words[0]?.text ?? "")} reads and runs is known only when it runs.`);
  return { inner: readCommands(input.text, depth + 1), isWrapper: true };
}

/** The first word that is no option, and whether it is a script itself (`-c`) or names a file. */
function shellOperand(words: readonly ShellWord[]): { script: ShellWord | undefined; isGiven: boolean } {
  let isGiven = false;
  let readsInput = false;
  let at = 1;
  for (; at < words.length; at += 1) {
    const text = words[at]?.text ?? "";
    if (!/^[-+]./.test(text)) break;
    if (text === "--") {
      at += 1;
      break;
    }
    if (/^-[A-Za-z]*c/.test(text)) isGiven = true;
    if (/^-[A-Za-z]*s/.test(text)) readsInput = true;
    if (SHELL_VALUES.has(text) || /^[-+][A-Za-z]*[oO]$/.test(text)) at += 1;
  }
  return { script: readsInput && !isGiven ? undefined : words[at], isGiven };
}

function trap(words: readonly ShellWord[], texts: readonly string[], depth: number): Inside {
  const action = words[1]?.text === "--" ? words[2] : words[1];
  if (action === undefined || action.text.startsWith("-") || action.text === "") return NOTHING_INSIDE;
  return { inner: readFixed([action], texts, depth), isWrapper: true };
}

function readFixed(script: readonly ShellWord[], whole: readonly string[], depth: number): CommandTree[] {
  if (script.some(({ isFixed }) => !isFixed))
    throw new NotUnderstood(`What ${shown(whole.join(" "))} runs is known only when it runs.`);
  return readCommands(script.map(({ text }) => text).join(" "), depth + 1);
}

function foundCommands(words: readonly ShellWord[], depth: number): CommandTree[] {
  const found: CommandTree[] = [];
  words.forEach(({ text }, at) => {
    if (!FIND_RUNS.has(text)) return;
    const rest = words.slice(at + 1);
    const end = rest.findIndex((word) => word.text === ";" || word.text === "+");
    const inner = end < 0 ? rest : rest.slice(0, end);
    if (inner.length > 0) found.push(toTree({ words: inner, input: null }, depth));
  });
  return found;
}

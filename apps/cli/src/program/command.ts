import type { Session } from "../session.ts";

type Parse<T> = (text: string, flag: string) => T;

interface ArgSpec {
  /** one: must be there; optional; some: one or more; any: none or more. */
  arity: "one" | "optional" | "some" | "any";
  describe: string;
  /** What the shell offers here. */
  completes?: "task" | readonly string[];
}

interface FlagSpec {
  kind: "flag";
  short?: string;
  describe: string;
}

interface ValueSpec<T> {
  kind: "value" | "list";
  short?: string;
  /** Stands for the value in the help. */
  value: string;
  describe: string;
  parse: Parse<T>;
  choices?: readonly string[];
}

export type OptionSpec = FlagSpec | ValueSpec<unknown>;

export interface Flag extends FlagSpec {}
export interface Value<T> extends ValueSpec<T> {
  kind: "value";
}
export interface List<T> extends ValueSpec<T> {
  kind: "list";
}

type ArgsOf<A> = {
  [K in keyof A]: A[K] extends { arity: "one" }
    ? string
    : A[K] extends { arity: "optional" }
      ? string | undefined
      : string[];
};
type OptionsOf<O> = {
  [K in keyof O]: O[K] extends Value<infer T> ? T | undefined : O[K] extends List<infer T> ? T[] : boolean;
};

/** What was typed, by name. */
export interface Given {
  args: Record<string, unknown>;
  options: Record<string, unknown>;
}

/** A command as data: the parser, the help and the completion are all made from it. */
export interface Command {
  name: string;
  summary: string;
  group: string;
  hidden: boolean;
  /** Words that look like options are arguments too. */
  literal: boolean;
  args: Readonly<Record<string, ArgSpec>>;
  options: Readonly<Record<string, OptionSpec>>;
  examples: readonly string[];
  /** Resolves with the exit code. */
  run: (session: Session, given: Given) => Promise<number>;
}

interface Definition<A, O> {
  name: string;
  summary: string;
  group: string;
  hidden?: boolean;
  literal?: boolean;
  args: A;
  options: O;
  examples?: string[];
  run: (session: Session, given: { args: ArgsOf<A>; options: OptionsOf<O> }) => Promise<number>;
}

export function command<const A extends Record<string, ArgSpec>, const O extends Record<string, OptionSpec>>({
  args,
  options,
  examples = [],
  hidden = false,
  literal = false,
  run,
  ...rest
}: Definition<A, O>): Command {
  return {
    ...rest,
    hidden,
    literal,
    examples,
    args,
    options,
    run: (session, given) => run(session, given as { args: ArgsOf<A>; options: OptionsOf<O> }),
  };
}

export const flag = (describe: string, short?: string): Flag => ({
  kind: "flag",
  describe,
  ...(short === undefined ? {} : { short }),
});

export const value = <T>(
  value: string,
  describe: string,
  parse: Parse<T>,
  more: { short?: string; choices?: readonly string[] } = {},
): Value<T> => ({ kind: "value", value, describe, parse, ...more });

export const list = <T>(value: string, describe: string, parse: Parse<T>): List<T> => ({
  kind: "list",
  value,
  describe,
  parse,
});

/** `promptFile` → `--prompt-file` */
export const longFlag = (key: string): string =>
  `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

import { createTaskSchema } from "@agency/contract";
import type { CreateTaskInput } from "@agency/contract";
import type { Draft } from "./draft.ts";

export type Problems = Readonly<Record<string, string>>;

/** By field of the form: the first thing the contract has against it. */
export function problemsOf(task: CreateTaskInput): Problems {
  const parsed = createTaskSchema.safeParse(task);
  if (parsed.success) return {};
  return fromPaths(parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })));
}

/** The same for what the server found. */
export function fromPaths(errors: readonly { path: string; message: string }[]): Problems {
  const problems: Record<string, string> = {};
  for (const { path, message } of errors) problems[fieldOf(path)] ??= message;
  return problems;
}

const FIELDS: [string, string][] = [
  ["limits.wallMs", "hours"],
  ["limits.costUsd", "budget"],
  ["limits.turns", "turns"],
  ["repository.branch", "branch"],
  ["repository.pushBranch", "pushBranch"],
  ["repository", "repository"],
  ["network", "hosts"],
  ["checks", "checks"],
];

function fieldOf(path: string): string {
  return FIELDS.find(([start]) => path.startsWith(start))?.[1] ?? (path.split(".")[0] || "task");
}

const SHOWN: ReadonlySet<string> = new Set(
  "prompt model deliver hours budget turns branch repository checks".split(" "),
);

/** Is there a place beside a field for what is wrong with it? */
export function hasField(field: string, { engine, network }: Draft): boolean {
  if (field === "command") return engine === "command";
  if (field === "hosts") return network === "hosts";
  return SHOWN.has(field);
}

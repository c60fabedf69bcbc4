import { parseNetwork } from "@agency/contract";
import type { Approve, CreateTaskInput, Deliver } from "@agency/contract";
import { baseFor } from "./base.ts";
import type { Base } from "./base.ts";

/** The form as it stands: all of it text, so that nothing somebody typed is lost on the way. */
export interface Draft {
  prompt: string;
  name: string;
  repository: string;
  branch: string;
  engine: string;
  model: string;
  provider: string;
  command: string;
  hours: string;
  budget: string;
  turns: string;
  /** Empty: as the account has it. */
  network: string;
  hosts: string;
  deliver: Deliver | "";
  checks: string;
  approve: Approve;
  /** Null: not known of the run the form was filled in from, and then not sent. */
  questions: boolean | null;
  demo: boolean;
  /** Variables a run had whose values cannot be read back, as far as they were typed again. */
  env: Record<string, string>;
  /** The same of the secrets it brought. */
  secrets: Record<string, string>;
  base: Base;
}

export const EMPTY: Draft = {
  prompt: "",
  name: "",
  repository: "",
  branch: "",
  engine: "claude",
  model: "",
  provider: "local",
  command: "",
  hours: "",
  budget: "",
  turns: "",
  network: "",
  hosts: "",
  deliver: "",
  checks: "",
  approve: "none",
  questions: true,
  demo: false,
  env: {},
  secrets: {},
  base: {},
};

export const HOUR = 3_600_000;

/** What is sent. Left empty means: as the server has it. Its schema, not this, says what is wrong. */
export function taskOf(draft: Draft): CreateTaskInput {
  const base = baseFor(draft.repository, draft.base);
  const optional = {
    name: text(draft.name),
    model: text(draft.model),
    command: draft.engine === "command" ? text(draft.command) : undefined,
    deliver: draft.deliver === "" ? undefined : draft.deliver,
    questions: draft.questions ?? undefined,
    repository: repositoryOf(draft, base),
    network: networkOf(draft),
    env: typedOf(draft.env),
    secrets: typedOf(draft.secrets),
  };
  const limits = {
    wallMs: draft.hours.trim() === "" ? undefined : Math.round(Number(draft.hours) * HOUR),
    costUsd: number(draft.budget),
    turns: number(draft.turns),
  };
  const { repository: _, ...carried } = base;
  return {
    ...carried,
    prompt: draft.prompt,
    engine: draft.engine,
    provider: draft.provider,
    approve: draft.approve,
    demo: draft.demo,
    checks: lines(draft.checks),
    limits: { ...base.limits, ...withoutUndefined(limits) },
    ...withoutUndefined(optional),
  };
}

function repositoryOf({ repository, branch }: Draft, base: Base): CreateTaskInput["repository"] {
  const url = text(repository);
  if (url === undefined) return undefined;
  return { url, ...withoutUndefined({ branch: text(branch), pushBranch: base.repository?.pushBranch }) };
}

/** A value that was not typed again is not known to have been empty: it is left out. */
function typedOf(values: Record<string, string>): Record<string, string> | undefined {
  const typed = Object.entries(values).filter(([, value]) => value !== "");
  return typed.length === 0 ? undefined : Object.fromEntries(typed);
}

function networkOf({ network, hosts }: Draft): CreateTaskInput["network"] {
  if (network === "") return undefined;
  if (network === "none" || network === "internet") return network;
  return parseNetwork(`allow:${hosts}`) ?? { allow: lines(hosts.replaceAll(",", "\n")) };
}

function lines(value: string): string[] {
  return value
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function text(value: string): string | undefined {
  return value.trim() === "" ? undefined : value.trim();
}

function number(value: string): number | undefined {
  return value.trim() === "" ? undefined : Number(value);
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

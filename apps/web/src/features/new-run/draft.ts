import { parseNetwork } from "@agency/contract";
import type { Approve, CreateTaskInput, Deliver, Task } from "@agency/contract";

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
  network: string;
  hosts: string;
  deliver: Deliver | "";
  checks: string;
  approve: Approve;
  questions: boolean;
  demo: boolean;
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
  network: "internet",
  hosts: "",
  deliver: "",
  checks: "",
  approve: "none",
  questions: true,
  demo: false,
};

const HOUR = 3_600_000;

/** What is sent. Left empty means: as the server has it. Its schema, not this, says what is wrong. */
export function taskOf(draft: Draft): CreateTaskInput {
  const optional = {
    name: text(draft.name),
    model: text(draft.model),
    command: draft.engine === "command" ? text(draft.command) : undefined,
    deliver: draft.deliver === "" ? undefined : draft.deliver,
  };
  const limits = {
    wallMs: draft.hours.trim() === "" ? undefined : Math.round(Number(draft.hours) * HOUR),
    costUsd: number(draft.budget),
    turns: number(draft.turns),
  };
  const url = text(draft.repository);
  const branch = text(draft.branch);
  return {
    prompt: draft.prompt,
    engine: draft.engine,
    provider: draft.provider,
    network: networkOf(draft),
    approve: draft.approve,
    questions: draft.questions,
    demo: draft.demo,
    checks: lines(draft.checks),
    limits: withoutUndefined(limits),
    ...(url === undefined ? {} : { repository: { url, ...(branch === undefined ? {} : { branch }) } }),
    ...withoutUndefined(optional),
  };
}

/** The form filled in as another run was started. */
export function draftOf(task: Task): Draft {
  return {
    ...EMPTY,
    prompt: task.prompt,
    repository: task.repository?.url ?? "",
    branch: task.repository?.branch ?? "",
    engine: task.engine,
    model: task.model ?? "",
    provider: task.provider,
    hours: String(Math.round((task.limits.wallMs / HOUR) * 100) / 100),
    budget: String(task.limits.costUsd),
    turns: String(task.limits.turns),
    network: typeof task.network === "string" ? task.network : "hosts",
    hosts: typeof task.network === "string" ? "" : task.network.allow.join(", "),
    deliver: task.deliver,
    checks: task.checks.join("\n"),
    approve: task.approve,
    demo: task.demo,
  };
}

function networkOf({ network, hosts }: Draft): NonNullable<CreateTaskInput["network"]> {
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

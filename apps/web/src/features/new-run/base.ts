import type { CreateTaskInput } from "@agency/contract";

/** What a run was described with that the form has no field for: it is sent along as it is. */
export type Base = Partial<CreateTaskInput>;

const FIELDS: ReadonlySet<string> = new Set(
  (
    "prompt name engine model provider command network deliver checks " +
    "approve questions demo limits repository"
  ).split(" "),
);
const LIMITS: ReadonlySet<string> = new Set(["wallMs", "costUsd", "turns"]);

/** Nothing of it is checked here: the contract judges the whole request before it is sent. */
export function baseOf(task: object): Base {
  const limits = without(part(task, "limits"), LIMITS);
  const repository = part(task, "repository");
  return {
    ...without(task, FIELDS),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...("url" in repository ? { repository } : {}),
  } as Base;
}

/** A branch to push and a pull request belong to the repository they came with: to another one they do not go. */
export function baseFor(url: string, base: Base): Base {
  if (base.repository?.url === url.trim()) return base;
  const { repository: _, pullRequest: __, ...rest } = base;
  return rest;
}

/** By name, for people to see what is sent beside the fields. */
export function carriedBy({ limits, repository, ...base }: Base): string[] {
  const ofLimits = Object.keys(limits ?? {}).map((name) => `limits.${name}`);
  const ofRepository = repository?.pushBranch === undefined ? [] : ["repository.pushBranch"];
  return [...Object.keys(base), ...ofLimits, ...ofRepository];
}

function part(value: object, key: string): object {
  const found: unknown = Reflect.get(value, key);
  return isRecord(found) ? found : {};
}

function without(value: object, names: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.has(name)));
}

export function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

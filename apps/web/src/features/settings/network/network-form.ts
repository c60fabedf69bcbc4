import { changeNetworkSchema, listNameSchema, networkText, setNetworkListSchema } from "@agency/contract";
import type { AccountNetwork, ChangeNetworkInput, Network } from "@agency/contract";

/** What a person picks; the hosts are beside it. */
export type Reach = "" | "internet" | "hosts" | "none";

/** A list as it is typed. */
export interface ListText {
  name: string;
  hosts: string;
}

interface Schema {
  safeParse(value: unknown): {
    error?: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } | undefined;
  };
}

/** One a line, or with commas or spaces between them. */
export function hostsIn(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((host) => host !== ""))];
}

export function reachOf(network: Network | null): { reach: Reach; hosts: string } {
  if (network === null) return { reach: "", hosts: "" };
  return typeof network === "string"
    ? { reach: network, hosts: "" }
    : { reach: "hosts", hosts: network.allow.join("\n") };
}

export function defaultOf(reach: Reach, hosts: string): Network | null {
  if (reach === "") return null;
  return reach === "hosts" ? { allow: hostsIn(hosts) } : reach;
}

/** What was changed since the text was filled in: what others changed meanwhile stays as they left it. */
export function closingOf(before: readonly string[], text: string): { close: string[]; open: string[] } {
  const now = [...new Set(hostsIn(text).map(asKept))];
  return {
    close: now.filter((host) => !before.includes(host)),
    open: before.filter((host) => !now.includes(host)),
  };
}

/** As the server writes it: `Pastebin.com` is not another host than `pastebin.com`. */
function asKept(host: string): string {
  return changeNetworkSchema.safeParse({ close: [host] }).data?.close?.[0] ?? host;
}

export function changeProblem(change: ChangeNetworkInput): string | undefined {
  if (change.default !== undefined && change.default !== null && typeof change.default === "object") {
    if (change.default.allow.length === 0) return "name at least one host or list";
  }
  return problemIn(changeNetworkSchema, change);
}

/** `taken`: names of the other lists; saved under one of them it would replace that one. */
export function listProblems(
  { name, hosts }: ListText,
  taken: readonly string[],
): { name?: string; hosts?: string } {
  const badName = name === "" ? undefined : nameProblem(name, taken);
  const badHosts =
    hostsIn(hosts).length === 0 ? undefined : problemIn(setNetworkListSchema, { hosts: hostsIn(hosts) });
  return {
    ...(badName === undefined ? {} : { name: badName }),
    ...(badHosts === undefined ? {} : { hosts: badHosts }),
  };
}

function nameProblem(name: string, taken: readonly string[]): string | undefined {
  if (taken.includes(name)) return `there is a list ${name} already: change that one, or take another name`;
  return problemIn(listNameSchema, name);
}

export function reachText({ default: network }: Pick<AccountNetwork, "default">): string {
  return network === null ? "internet" : networkText(network);
}

/** The first thing that is wrong, with the one of many it is wrong with. */
function problemIn(schema: Schema, value: unknown): string | undefined {
  const issue = schema.safeParse(value).error?.issues[0];
  if (issue === undefined) return undefined;
  const at = issue.path.reduce<unknown>(
    (part, key) => (typeof part === "object" && part !== null ? Reflect.get(part, key) : undefined),
    value,
  );
  return typeof at === "string" && issue.path.length > 0 ? `${at}: ${issue.message}` : issue.message;
}

import type { Network } from "@agency/contract";
import { addressKind } from "../address/address-kind.ts";
import { closesNamesAt, closingPattern, opens, patternsOf, WEB_PORTS } from "./host-patterns.ts";
import { denied } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import { targetText } from "./target.ts";
import type { Target } from "./target.ts";

/** What one task may reach. */
export interface NetworkPolicy {
  readonly network: Network;
  /** Of the lists of hosts that the network names, those that there are. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** What the account has closed to every task. */
  readonly closed: readonly string[];
  /** Lifts the ban on private addresses, and on nothing else. */
  readonly allowInternalNetwork: boolean;
}

/** Mail leaves through these; no task of a coding agent needs them, every spammer does. */
const MAIL_PORTS: ReadonlySet<number> = new Set([25, 465, 587]);

/** Names of this machine and of metadata services, whatever they resolve to. */
const OWN_NAME =
  /^(?:(?:.+\.)?(?:localhost|localdomain)|(?:host|gateway)\.docker\.internal|host\.containers\.internal)$/;
const METADATA_NAME =
  /^(?:metadata|metadata\.google\.internal|metadata\.goog|(?:.+\.)?instance-data(?:\..+)?)$/;
/** Names that only mean something inside a network. */
const INTERNAL_NAME = /^(?:[^.]+|.+\.(?:local|internal|intranet|lan|corp|home\.arpa))$/;

/**
 * Judges the name alone, before anybody is asked what it resolves to: a refused name never reaches a resolver,
 * so a list of hosts cannot be used to carry data out in lookups.
 */
export function judgeTarget(target: Target, policy: NetworkPolicy): Refusal | null {
  return judgeName(target, policy) ?? judgeClosed(target, policy) ?? judgeNetwork(target, policy);
}

/** What the account has closed is closed also to the task whose own network would open it. */
export function judgeClosed(
  target: Target,
  { closed }: Pick<NetworkPolicy, "closed">,
  asked = target,
): Refusal | null {
  const pattern = closingPattern(closed, target);
  if (pattern === null) return null;
  const what = asked === target ? targetText(target) : `${targetText(asked)} leads to ${target.host}, which`;
  return denied(
    "closed_host",
    `${what} is closed to every task of this account: ${pattern} is among its closed hosts. A person can open it with: agency network open ${forShell(pattern)}`,
  );
}

/** A star and brackets are patterns of files to a shell, and zsh runs no command whose pattern finds none. */
function forShell(pattern: string): string {
  return /[*[]/.test(pattern) ? `'${pattern}'` : pattern;
}

function judgeName({ host, port, isLiteral }: Target, policy: NetworkPolicy): Refusal | null {
  if (isLiteral) return null;
  if (OWN_NAME.test(host)) {
    return denied(
      "closed_name",
      `${host} is the machine that runs Agency, which is closed to every task. Reach the sandbox's own ports at 127.0.0.1:${port} without a proxy.`,
    );
  }
  if (METADATA_NAME.test(host)) {
    return denied("closed_name", `${host} is a cloud's metadata service, which is closed to every task.`);
  }
  if (INTERNAL_NAME.test(host) && !policy.allowInternalNetwork) {
    return denied(
      "closed_name",
      `${host} is a name inside a private network, which is closed to this task. Start the task with --allow-internal-network to open private networks.`,
    );
  }
  return null;
}

function judgeNetwork(target: Target, policy: NetworkPolicy): Refusal | null {
  const { network, lists } = policy;
  const where = targetText(target);
  if (network === "none") {
    return denied(
      "no_network",
      `${where} cannot be reached: this task has no network. Start the task with --network internet${openingOf(target, " or --network allow:")} to open it.`,
    );
  }
  if (network === "internet") {
    if (!MAIL_PORTS.has(target.port)) return judgeLiteral(target, policy);
    return denied(
      "closed_port",
      `${where} cannot be reached: the ports that send mail are closed to every task.`,
    );
  }
  const { patterns, gone } = patternsOf(network.allow, lists);
  if (!MAIL_PORTS.has(target.port) && opens(patterns, target)) return null;
  const list = `${where} is not on this task's network list (allow: ${shortened(network.allow)}).`;
  if (gone.length > 0) return denied("list_gone", `${list} ${goneText(gone)}`);
  return denied(
    "not_listed",
    `${list} Start the task with --network ${openingOf(target, "allow:") || "internet"} to open it.`,
  );
}

/** Names that are closed would be open by their addresses; a task that names an address itself may reach it. */
function judgeLiteral(target: Target, { closed }: Pick<NetworkPolicy, "closed">): Refusal | null {
  const isPublic = target.isLiteral && addressKind(target.host) === "public";
  if (!isPublic || !closesNamesAt(closed, target)) return null;
  const opening = openingOf(target, ", or start the task with --network allow:");
  return denied(
    "closed_literal",
    `${targetText(target)} cannot be reached by its address: this account closes hosts by name, and an address could be any of them. Ask for it by name${opening}.`,
  );
}

function goneText(gone: readonly string[]): string {
  const [first = "", ...others] = gone;
  const names = shortened(gone.map((name) => `"${name}"`));
  const [were, they] =
    others.length === 0 ? [`The list ${names} was`, "it"] : [`The lists ${names} were`, "they"];
  return `${were} removed from the account since the task was made, and what ${they} opened is closed. A person can make it anew with: agency network set ${first} HOST…`;
}

/** What to put on the list for this target, or nothing when a list cannot hold it. */
function openingOf({ host, port }: Target, before: string): string {
  if (host.includes(":") || host.includes("_") || MAIL_PORTS.has(port)) return "";
  return `${before}${host}${WEB_PORTS.includes(port) ? "" : `:${port}`}`;
}

function shortened(patterns: readonly string[]): string {
  const shown = patterns.slice(0, 8).join(",");
  return patterns.length > 8 ? `${shown} and ${patterns.length - 8} more` : shown;
}

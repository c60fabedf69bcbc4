import type { Network } from "@agency/contract";
import { DEV_HOSTS } from "./dev-hosts.ts";
import { denied } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import { targetText } from "./target.ts";
import type { Target } from "./target.ts";

/** What one task may reach. */
export interface NetworkPolicy {
  readonly network: Network;
  /** Lifts the ban on private addresses, and on nothing else. */
  readonly allowInternalNetwork: boolean;
}

/** Mail leaves through these; no task of a coding agent needs them, every spammer does. */
const MAIL_PORTS: ReadonlySet<number> = new Set([25, 465, 587]);
const DEFAULT_PORTS: readonly number[] = [80, 443];

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
  return judgeName(target, policy) ?? judgeNetwork(target, policy.network);
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

function judgeNetwork(target: Target, network: Network): Refusal | null {
  const where = targetText(target);
  if (network === "none") {
    return denied(
      "no_network",
      `${where} cannot be reached: this task has no network. Start the task with --network internet${openingOf(target, " or --network allow:")} to open it.`,
    );
  }
  if (network === "internet") {
    if (!MAIL_PORTS.has(target.port)) return null;
    return denied(
      "closed_port",
      `${where} cannot be reached: the ports that send mail are closed to every task.`,
    );
  }
  const patterns = network.allow.flatMap((pattern) => (pattern === "dev" ? DEV_HOSTS : [pattern]));
  if (!MAIL_PORTS.has(target.port) && patterns.some((pattern) => matches(pattern, target))) return null;
  return denied(
    "not_listed",
    `${where} is not on this task's network list (allow: ${shortened(network.allow)}). Start the task with --network ${openingOf(target, "allow:") || "internet"} to open it.`,
  );
}

/** Exact, or `*.x` for what is below x but not x itself. Without a port it stands for the two of the web. */
function matches(pattern: string, { host, port, isLiteral }: Target): boolean {
  const [, wanted = "", listed] = /^(.*?)(?::(\d+))?$/.exec(pattern) ?? [];
  const ports = listed === undefined ? DEFAULT_PORTS : [Number(listed)];
  if (!ports.includes(port)) return false;
  if (!wanted.startsWith("*.")) return host === wanted;
  return !isLiteral && host.endsWith(wanted.slice(1));
}

/** What to put on the list for this target, or nothing when a list cannot hold it. */
function openingOf({ host, port }: Target, before: string): string {
  if (host.includes(":") || host.includes("_") || MAIL_PORTS.has(port)) return "";
  return `${before}${host}${DEFAULT_PORTS.includes(port) ? "" : `:${port}`}`;
}

function shortened(patterns: readonly string[]): string {
  const shown = patterns.slice(0, 8).join(",");
  return patterns.length > 8 ? `${shown} and ${patterns.length - 8} more` : shown;
}

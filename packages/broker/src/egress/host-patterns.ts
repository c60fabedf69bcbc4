import { isIP } from "node:net";
import { DEV_LIST, isListName } from "@agency/contract";
import { DEV_HOSTS } from "./dev-hosts.ts";
import { parseTarget, targetText } from "./target.ts";
import type { Target } from "./target.ts";

/** What a pattern without a port opens. */
export const WEB_PORTS: readonly number[] = [80, 443];

/** Hosts in the place of the lists that are named; a list that is not there stands for nothing. */
export function patternsOf(
  allow: readonly string[],
  lists: ReadonlyMap<string, readonly string[]>,
): { patterns: string[]; gone: string[] } {
  const isOwn = (name: string): boolean => isListName(name) && name !== DEV_LIST;
  const named = allow.flatMap((pattern) => (isOwn(pattern) ? (lists.get(pattern) ?? []) : [pattern]));
  return {
    // Lists themselves may hold the built-in one, and no other.
    patterns: named.filter((pattern) => !isOwn(pattern)).flatMap(hostsOf),
    gone: allow.filter((name) => isOwn(name) && !lists.has(name)),
  };
}

function hostsOf(pattern: string): readonly string[] {
  return pattern === DEV_LIST ? DEV_HOSTS : [pattern];
}

export function opens(patterns: readonly string[], target: Target): boolean {
  return patterns.some((pattern) => {
    const { host, port } = split(pattern);
    const isOpenPort = port === null ? WEB_PORTS.includes(target.port) : port === target.port;
    return isOpenPort && isHost(host, target);
  });
}

/** The first of the patterns that closes the target. Without a port one closes all of them. */
export function closingPattern(closed: readonly string[], target: Target): string | null {
  if (closed.length === 0) return null;
  const plain = asAsked(target);
  const closes = (pattern: string): boolean => {
    const { host, port } = split(pattern);
    return (port === null || port === plain.port) && isHost(host, plain);
  };
  return closed.find(closes) ?? null;
}

/** Whether names are closed at this port: asked for by its address, a closed one could not be told from another. */
export function closesNamesAt(closed: readonly string[], wanted: Pick<Target, "port">): boolean {
  return closed.some((pattern) => {
    const { host, port } = split(pattern);
    return isIP(host) === 0 && (port === null || port === wanted.port);
  });
}

/** An address as the parser of URLs writes it, wherever it came from: the same one can be written in many ways. */
function asAsked(target: Target): Target {
  return target.isLiteral ? (parseTarget(targetText(target)) ?? target) : target;
}

/** Exact, or `*.x` for what is below x but not x itself. */
function isHost(wanted: string, { host, isLiteral }: Target): boolean {
  if (!wanted.startsWith("*.")) return host === wanted;
  return !isLiteral && host.endsWith(wanted.slice(1));
}

/** `[2001:db8::1]:443` has more colons than the one before its port. */
function split(pattern: string): { host: string; port: number | null } {
  const [, host = "", port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(pattern) ?? [];
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: port === undefined ? null : Number(port) };
}

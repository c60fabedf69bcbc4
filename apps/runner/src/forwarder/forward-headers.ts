import type { Attempt } from "../uplink/client.ts";
import type { CarriedRoute } from "./carried-route.ts";

/** Belong to one connection, not to the message (RFC 9110, 7.6.1); `expect` was answered by our own server. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
]);

/**
 * What goes out: the agent cannot speak as the runner, and git, which has no key of its own,
 * is let in by the attempt's token without ever seeing it.
 */
export function requestHeaders(
  raw: readonly string[],
  kind: CarriedRoute["kind"],
  attempt: Attempt,
): string[] {
  const own = (name: string): boolean =>
    name.startsWith("x-agency-") || (kind === "git" && name === "authorization");
  const headers = endToEnd(raw, own);
  headers.push("x-agency-task", attempt.taskId, "x-agency-epoch", String(attempt.epoch));
  if (kind === "git") headers.push("authorization", `Bearer ${attempt.token}`);
  return headers;
}

export function responseHeaders(raw: readonly string[]): string[] {
  return endToEnd(raw, () => false);
}

function endToEnd(raw: readonly string[], dropped: (name: string) => boolean): string[] {
  const named = new Set(HOP_BY_HOP);
  const pairs = toPairs(raw);
  for (const [name, value] of pairs) {
    if (name.toLowerCase() === "connection")
      for (const one of value.split(",")) named.add(one.trim().toLowerCase());
  }
  return pairs.filter(([name]) => !named.has(name.toLowerCase()) && !dropped(name.toLowerCase())).flat();
}

function toPairs(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at] ?? "", raw[at + 1] ?? ""]);
  return pairs;
}

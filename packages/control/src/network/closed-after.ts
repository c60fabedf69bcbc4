import { AgencyError, MOST_HOSTS } from "@agency/contract";
import type { ChangeNetwork } from "@agency/contract";
import type { NetworkSettings } from "@agency/core";
import { isThere } from "./is-there.ts";

/** What is closed after the change; refused when it would do nothing, or not what it seems to do. */
export function closedAfter(
  settings: Pick<NetworkSettings, "lists" | "closed">,
  { close = [], open = [] }: Pick<ChangeNetwork, "close" | "open">,
): string[] {
  const { closed } = settings;
  const both = open.find((host) => close.includes(host));
  if (both !== undefined) throw twoThings(both);
  const list = close.find((host) => isThere(settings, host) && !closed.includes(host));
  if (list !== undefined) throw isList(list);
  const absent = open.find((host) => !closed.includes(host));
  if (absent !== undefined) throw notClosed(absent, closed);
  const after = [...new Set([...closed, ...close])].filter((host) => !open.includes(host)).toSorted();
  if (after.length <= MOST_HOSTS || after.length <= closed.length) return after;
  throw new AgencyError(
    "conflict",
    `That would be ${after.length} closed hosts; ${MOST_HOSTS} is the most.`,
    {
      next: "Open some first, or close all below a name at once: '*.example.com'.",
    },
  );
}

function twoThings(host: string): AgencyError {
  return new AgencyError("invalid_request", `${host} is to be closed and opened at once.`, {
    errors: [{ path: "open", message: `${host} is in close as well` }],
  });
}

/** A host by that name alone may be meant, but who closes `dev` and finds it open was told nothing. */
function isList(name: string): AgencyError {
  return new AgencyError("invalid_request", `"${name}" is a list of hosts, and a list cannot be closed.`, {
    next: "Close its hosts by their names, or remove the list.",
    errors: [{ path: "close", message: `${name} is a list` }],
  });
}

function notClosed(host: string, closed: readonly string[]): AgencyError {
  const closing = closed.filter((pattern) => concerns(pattern, host));
  return new AgencyError("not_found", `${host} is not among the closed hosts.`, {
    next:
      closing.length === 0
        ? "`agency network` shows what is closed."
        : `It is closed by ${shortened(closing)}: open that, and close again what shall stay closed.`,
  });
}

/** The same host at another port, or all below a name above it. */
function concerns(pattern: string, host: string): boolean {
  const [wide, wanted] = [withoutPort(pattern), withoutPort(host)];
  return wide === wanted || (wide.startsWith("*.") && wanted.endsWith(wide.slice(1)));
}

function withoutPort(pattern: string): string {
  return pattern.replace(/:\d+$/, "");
}

function shortened(patterns: readonly string[]): string {
  const shown = patterns.slice(0, 5).join(", ");
  return patterns.length > 5 ? `${shown} and ${patterns.length - 5} more` : shown;
}

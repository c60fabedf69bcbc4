import { AgencyError } from "@agency/contract";
import type { ApiAnswer } from "./api-call.ts";
import { fieldOf, listOf, textOf } from "./read-field.ts";

/** What was tried, for the sentences about what went wrong. */
export interface Attempted {
  /** `open a pull request in octo/hello` */
  readonly doing: string;
  readonly host: string;
  readonly hadCredential: boolean;
  /** What the token must be allowed, as the host calls it. */
  readonly scope: string;
}

const DEFAULT_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 24 * 60 * 60_000;

/** Why the host did not do it, and what a person can do. */
export function apiTrouble(answer: ApiAnswer, attempted: Attempted, now: number): AgencyError {
  const { status } = answer;
  const pause = pauseOf(answer, now);
  if (pause !== null) return rateLimited(attempted, pause);
  const { doing, host } = attempted;
  const said = wordsOf(answer);
  const failure = `Could not ${doing}: ${host} answered ${status}${said === "" ? "" : ` (${said})`}.`;
  if (status === 401 || status === 403 || status === 404) return refused(attempted, status, said);
  if (status === 405 || status === 410) {
    return new AgencyError("repository_unavailable", failure, {
      next: `Are pull requests switched on for this repository?`,
    });
  }
  if (status >= 400 && status < 500) {
    return new AgencyError("repository_unavailable", failure, {
      next: "Read what the host said; the branch itself is there.",
    });
  }
  return new AgencyError("upstream_failed", failure, { next: "Try again later." });
}

export function unreachable({ doing, host }: Attempted, cause: unknown): AgencyError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AgencyError("upstream_failed", `Could not ${doing}: ${host} cannot be used (${tidy(why)}).`, {
    next: `Try again later; a host on an internal network must be named in AGENCY_INTERNAL_HOSTS.`,
    cause,
  });
}

export function notUnderstood({ doing, host }: Attempted): AgencyError {
  return new AgencyError("upstream_failed", `Could not ${doing}: the answer of ${host} was not understood.`, {
    next: "Is it really the API of this host? Look at what it answers in a browser.",
  });
}

export function noCredential({ doing, host, scope }: Attempted): AgencyError {
  return new AgencyError("no_credential", `Could not ${doing}: no credential for ${host} is set.`, {
    next: `Store one with \`agency secrets set GIT_TOKEN@${host}\`; it needs ${scope}.`,
  });
}

/** What the host says of it, in one line. It can quote what it was sent: the caller redacts. */
export function wordsOf({ json }: ApiAnswer): string {
  const message = fieldOf(json, "message") ?? fieldOf(json, "error");
  const lines = Array.isArray(message) ? message : [typeof message === "string" ? message : ""];
  const details = listOf(fieldOf(json, "errors")).map((entry) => {
    if (typeof entry === "string") return entry;
    return textOf(entry, "message") ?? [textOf(entry, "field"), textOf(entry, "code")].join(" ").trim();
  });
  const said = [...lines, ...details].filter((line) => typeof line === "string" && line !== "");
  return tidy(said.join("; "));
}

function tidy(text: string): string {
  const line = text
    .slice(0, 1_000)
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}

function refused(
  { doing, host, hadCredential, scope }: Attempted,
  status: number,
  said: string,
): AgencyError {
  if (!hadCredential) {
    return new AgencyError(
      "no_credential",
      `Could not ${doing}: there is no such thing on ${host}, or it is private and no credential is set.`,
      { next: `Store one with \`agency secrets set GIT_TOKEN@${host}\`; it needs ${scope}.` },
    );
  }
  if (status === 401) {
    return new AgencyError("no_credential", `Could not ${doing}: ${host} does not accept the token.`, {
      next: `It may have run out: set a new one with \`agency secrets set GIT_TOKEN@${host}\`.`,
    });
  }
  const why =
    status === 404
      ? "there is no such thing there, or the token does not see it"
      : `the token is not allowed to${said === "" ? "" : ` (${said})`}`;
  return new AgencyError("repository_unavailable", `Could not ${doing} on ${host}: ${why}.`, {
    next: `Look at the address, and give the token ${scope}.`,
  });
}

function rateLimited({ doing, host }: Attempted, pauseMs: number): AgencyError {
  const seconds = Math.ceil(pauseMs / 1_000);
  return new AgencyError(
    "too_many_requests",
    `Could not ${doing}: ${host} has had too many requests with this token.`,
    { next: `Try again in ${seconds} s.`, retryAfterMs: pauseMs },
  );
}

/** How long to leave it alone; null when the answer is not about too many requests. */
function pauseOf(answer: ApiAnswer, now: number): number | null {
  const { status, headers } = answer;
  const after = Number(headers["retry-after"] ?? Number.NaN);
  const empty = headers["x-ratelimit-remaining"] === "0" || headers["ratelimit-remaining"] === "0";
  const secondary = /rate limit/i.test(wordsOf(answer));
  const limited = status === 429 || (status === 403 && (Number.isFinite(after) || empty || secondary));
  if (!limited) return null;
  const reset =
    Number(headers["x-ratelimit-reset"] ?? headers["ratelimit-reset"] ?? Number.NaN) * 1_000 - now;
  const pause = [after * 1_000, reset].find((ms) => Number.isFinite(ms) && ms >= 0) ?? DEFAULT_PAUSE_MS;
  return Math.min(Math.max(pause, 1_000), LONGEST_PAUSE_MS);
}

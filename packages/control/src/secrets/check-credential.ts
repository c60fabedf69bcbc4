import { AgencyError } from "@agency/contract";
import { createRedactor, splitSecretName, vendorOfSecret } from "@agency/core";
import type { SecretKind } from "@agency/core";
import { githubAppToken } from "./github-app-token.ts";
import type { GithubAppKey } from "./github-app-token.ts";

export interface VendorAddresses {
  fetch: typeof fetch;
  anthropicBaseUrl: string;
  /** Ends in `/v1`. */
  openaiBaseUrl: string;
  githubApiUrl: string;
}

export interface CheckedCredential {
  readonly name: string;
  readonly value: string;
  readonly kind: SecretKind;
  /** Both halves of a GitHub App: one alone cannot be asked about. */
  readonly app: GithubAppKey | null;
}

const PATIENCE_MS = 10_000;

/** Asks the vendor; what it said, in words. `invalid_request`: it refuses. `upstream_failed`: nobody can say. */
export async function checkCredential(
  deps: VendorAddresses & { now: () => number },
  credential: CheckedCredential,
): Promise<string> {
  const question = questionOf(deps, credential);
  const { host } = new URL(question.url);
  const answer = await ask(deps.fetch, host, question);
  if (answer.status >= 200 && answer.status < 300) return question.success(answer.body, host);
  const { redactor } = createRedactor([
    credential,
    { name: credential.name, value: question.headers["authorization"] ?? "" },
  ]);
  const said = redactor.redactText(vendorWords(answer.body));
  const words = said === "" ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${said}`;
  if (answer.status === 401 || answer.status === 403) {
    throw new AgencyError("invalid_request", `${host} refuses ${credential.name} (${words}).`, {
      next: "Make a new one there; this one was not stored.",
    });
  }
  throw cannotSay(host, words);
}

interface Question {
  readonly url: string;
  readonly headers: Record<string, string>;
  success(body: unknown, host: string): string;
}

const accepted = (_: unknown, host: string): string => `accepted by ${host}`;

function questionOf(deps: VendorAddresses & { now: () => number }, credential: CheckedCredential): Question {
  const { name, value, kind } = credential;
  const vendor = vendorOfSecret(name);
  if (vendor === "anthropic") {
    return {
      url: `${deps.anthropicBaseUrl}/v1/models?limit=1`,
      headers: { "anthropic-version": "2023-06-01", ...anthropicHeaders(kind, value) },
      success: accepted,
    };
  }
  if (vendor === "openai") {
    return {
      url: `${deps.openaiBaseUrl}/models`,
      headers: { authorization: `Bearer ${value}` },
      success: accepted,
    };
  }
  const github = { accept: "application/vnd.github+json", "user-agent": "agency" };
  if (name === "GITHUB_TOKEN") {
    const headers = { ...github, authorization: `Bearer ${value}` };
    return { url: `${deps.githubApiUrl}/user`, headers, success: signedIn };
  }
  if (kind === "app" && credential.app !== null) {
    const headers = { ...github, authorization: `Bearer ${githubAppToken(credential.app, deps.now())}` };
    return { url: `${deps.githubApiUrl}/app`, headers, success: appNamed };
  }
  throw notAskable(name);
}

function anthropicHeaders(kind: SecretKind, value: string): Record<string, string> {
  if (kind !== "oauth") return { "x-api-key": value };
  return { authorization: `Bearer ${value}`, "anthropic-beta": "oauth-2025-04-20" };
}

function notAskable(name: string): AgencyError {
  const { base } = splitSecretName(name);
  const app = { GITHUB_APP_ID: "GITHUB_APP_PRIVATE_KEY", GITHUB_APP_PRIVATE_KEY: "GITHUB_APP_ID" };
  const other = Object.entries(app).find(([half]) => half === base)?.[1];
  if (other !== undefined) {
    return new AgencyError("invalid_request", `${name} can be checked only together with ${other}.`, {
      next: `Store ${other} first, without a check.`,
    });
  }
  return new AgencyError("unsupported_option", "Git hosts have no common way to ask about a token.", {
    next: `Store ${name} without \`check\`.`,
  });
}

async function ask(
  fetch: VendorAddresses["fetch"],
  host: string,
  { url, headers }: Question,
): Promise<{ status: number; body: unknown }> {
  try {
    const response = await fetch(url, {
      headers,
      // Elsewhere is not where this credential belongs.
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return { status: response.status, body: parse(await response.text()) };
  } catch (error) {
    const timeout = error instanceof Error && error.name === "TimeoutError";
    throw cannotSay(host, timeout ? `no answer in ${PATIENCE_MS / 1_000} s` : "it cannot be reached", error);
  }
}

function cannotSay(host: string, why: string, cause?: unknown): AgencyError {
  return new AgencyError("upstream_failed", `${host} could not say whether the credential works: ${why}.`, {
    next: "Try again, or store it without `check`.",
    cause,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

/** Anthropic and OpenAI: `error.message`; GitHub: `message`. */
function vendorWords(body: unknown): string {
  const message = field(field(body, "error"), "message") ?? field(body, "message");
  if (typeof message !== "string") return "";
  return message
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, " ")
    .slice(0, 300)
    .toWellFormed();
}

function signedIn(body: unknown, host: string): string {
  return named(body, "login", (login) => `signed in to ${host} as ${login}`) ?? accepted(body, host);
}

function appNamed(body: unknown, host: string): string {
  return named(body, "slug", (slug) => `the app ${slug} of ${host}`) ?? accepted(body, host);
}

function named(body: unknown, name: string, words: (value: string) => string): string | null {
  const value = field(body, name);
  return typeof value === "string" && /^[\w.[\]-]{1,100}$/.test(value) ? words(value) : null;
}

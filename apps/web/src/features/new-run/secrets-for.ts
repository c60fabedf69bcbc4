import type { SecretInfo } from "@agency/contract";

export interface SecretsOf {
  /** Null: the engine asks no model of a vendor. */
  vendor: string | null;
  repository: string;
  project: string | null;
  demo: boolean;
}

export interface SecretsFor {
  model: SecretInfo[];
  git: SecretInfo[];
}

const VENDOR_SECRETS: Readonly<Record<string, readonly string[]>> = {
  anthropic: ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"],
  openai: ["OPENAI_API_KEY"],
};
const APP = ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY"];

/** Which of the stored secrets a run would use: those of its project before the account's, the server's last. */
export function secretsFor(run: SecretsOf, secrets: readonly SecretInfo[]): SecretsFor {
  const levels = [
    secrets.filter(({ project }) => project !== null && project === run.project),
    secrets.filter(({ project, source }) => project === null && source === "stored"),
    secrets.filter(({ project, source }) => project === null && source === "server"),
  ];
  const names = run.demo || run.vendor === null ? [] : (VENDOR_SECRETS[run.vendor] ?? []);
  const host = URL.parse(run.repository.trim())?.host ?? null;
  return {
    model: levels.flat().filter(({ name }) => names.includes(name.split("@")[0] ?? name)),
    git: host === null ? [] : (levels.map((level) => gitOf(level, host)).find((f) => f.length > 0) ?? []),
  };
}

/** What is said for the host itself, then the GitHub App, and the token where that is not installed. */
function gitOf(level: readonly SecretInfo[], host: string): SecretInfo[] {
  const ofHost = level.filter(({ name }) => name === `GIT_TOKEN@${host}`);
  if (ofHost.length > 0 || host !== "github.com") return ofHost;
  const app = level.filter(({ name }) => APP.includes(name));
  return [...(app.length === APP.length ? app : []), ...level.filter(({ name }) => name === "GITHUB_TOKEN")];
}

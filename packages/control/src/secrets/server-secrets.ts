import type { Settings } from "@agency/contract";
import { knownSecret, secretHint, secretKind } from "@agency/core";
import type { SecretKind } from "@agency/core";

/** A secret from the server's own environment or `.env`: it is tried after everything an account has stored. */
export interface ServerSecret {
  readonly name: string;
  readonly value: string;
  readonly kind: SecretKind;
  readonly hint: string;
}

export function serverSecrets(
  settings: Pick<Settings, "anthropicApiKey" | "claudeCodeOauthToken" | "openaiApiKey" | "githubToken">,
): ServerSecret[] {
  return [
    ...named("ANTHROPIC_API_KEY", settings.anthropicApiKey),
    ...named("CLAUDE_CODE_OAUTH_TOKEN", settings.claudeCodeOauthToken),
    ...named("OPENAI_API_KEY", settings.openaiApiKey),
    ...named("GITHUB_TOKEN", settings.githubToken),
  ];
}

function named(name: string, value: string | null): ServerSecret[] {
  const known = knownSecret(name);
  if (value === null || "problem" in known) return [];
  return [{ name, value, kind: secretKind(known, value), hint: secretHint(value) }];
}

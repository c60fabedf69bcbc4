import type { ModelCredential } from "@agency/core";

/** Without it the API takes no subscription token. */
const OAUTH_BETA = "oauth-2025-04-20";

/** How a credential is presented, by its kind and not by its looks: people may say which one theirs is. */
export function credentialHeaders({ kind, value }: ModelCredential): Record<string, string> {
  // A token pasted over several lines holds line breaks that no header can carry.
  const token = value.replaceAll(/\s+/g, "");
  if (kind === "api_key") return { "x-api-key": token };
  return { authorization: `Bearer ${token}`, "anthropic-beta": OAUTH_BETA };
}

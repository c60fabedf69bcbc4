export interface AnthropicCredential {
  kind: "api_key" | "oauth";
  headers: Record<string, string>;
}

/** Without it the API takes no subscription token. */
const OAUTH_BETA = "oauth-2025-04-20";

/** How a token is presented. Subscription tokens are told from API keys by their beginning. */
export function anthropicCredential(token: string): AnthropicCredential {
  // A token pasted over several lines holds line breaks that no header can carry.
  const value = token.replaceAll(/\s+/g, "");
  if (value.startsWith("sk-ant-oat")) {
    return { kind: "oauth", headers: { authorization: `Bearer ${value}`, "anthropic-beta": OAUTH_BETA } };
  }
  return { kind: "api_key", headers: { "x-api-key": value } };
}

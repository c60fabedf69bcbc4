import type { GithubAppKey } from "./github-app-token.ts";
import type { OpenSecret } from "./vault.ts";

/** Both halves of a GitHub App among the secrets of one level, or null. */
export function appAt(level: readonly OpenSecret[]): GithubAppKey | null {
  const id = valueOf(level, "GITHUB_APP_ID");
  const privateKey = valueOf(level, "GITHUB_APP_PRIVATE_KEY");
  return id === null || privateKey === null ? null : { id, privateKey };
}

export function valueOf(level: readonly OpenSecret[], name: string): string | null {
  const found = level.find((secret) => secret.name === name);
  return found !== undefined && "value" in found ? found.value : null;
}
